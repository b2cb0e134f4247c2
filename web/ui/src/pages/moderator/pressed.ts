/** What each key does, to the chosen question or to the selection. Acts through the desk; draws nothing. */
import type { ModeratedQuestion } from '../../live/wire.js';
import { fitting, lot, lotDecline, type LotAct } from './bulk.js';
import { COLUMNS } from './columns.js';
import { editable } from './drawer.js';
import { pick } from './drawer-foot.js';
import { bestMerge } from './drawer-parts.js';
import { openHelp } from './help.js';
import type { KeyAct } from './keys.js';
import type { Moderator } from './moderator.js';

/** True when the key meant something here. */
export function perform(page: Moderator, act: KeyAct, shift: boolean): boolean {
  const { desk } = page;
  switch (act) {
    case 'next':
      return move(page, () => desk.step(1, shift));
    case 'previous':
      return move(page, () => desk.step(-1, shift));
    case 'column1':
    case 'column2':
    case 'column3':
      return move(page, () => desk.goColumn(COLUMNS[Number(act.at(-1)) - 1] ?? 'sort'));
    case 'undo':
      void desk.actions.undoLast();
      return true;
    case 'search':
      page.openSearch();
      return true;
    case 'help':
      openHelp();
      return true;
    case 'back':
      return back(page);
    case 'select':
      if (desk.chosen === undefined) return false;
      desk.toggle(desk.column, desk.chosen, shift);
      return true;
    default:
      return desk.selected.size > 0 ? onSelection(page, act) : onChosen(page, act);
  }
}

/** A digit while the reasons stand there. */
export function pressedDigit({ desk }: Moderator, digit: number): void {
  const question = desk.question(desk.chosen);
  if (desk.selected.size > 0) lotDecline(desk, digit - 1);
  else if (question) pick(desk, question, digit - 1);
}

function onSelection(page: Moderator, act: KeyAct): boolean {
  const { desk } = page;
  if (act === 'theme') page.focusTheme();
  else if (act === 'decline' && fitting(desk, 'decline').length > 0) desk.setMode('why');
  else if (act === 'approve' || act === 'hold' || act === 'stage') lot(desk, act satisfies LotAct);
  else return false;
  return true;
}

function onChosen(page: Moderator, act: KeyAct): boolean {
  const { desk } = page;
  const question = desk.question(desk.chosen);
  if (!question || desk.actions.pending(question)) return false;
  const run = MEANING[act];
  if (!run) return false;
  return run(page, question);
}

type Meaning = (page: Moderator, question: ModeratedQuestion) => boolean;

/** A meaning for questions in these states only. */
function inStates(states: readonly ModeratedQuestion['state'][], run: (page: Moderator, question: ModeratedQuestion) => void): Meaning {
  return (page, question) => {
    if (!states.includes(question.state)) return false;
    run(page, question);
    return true;
  };
}

const MEANING: Partial<Record<KeyAct, Meaning>> = {
  approve: inStates(['received', 'held'], (page, question) => move(page, () => page.desk.approve(question))),
  hold: inStates(['received'], (page, question) => move(page, () => page.desk.holdBack(question))),
  decline: inStates(['received', 'held', 'approved', 'staged', 'deferred'], ({ desk }) => desk.setMode('why')),
  defer: inStates(['received', 'held', 'approved', 'staged'], ({ desk }) => desk.setMode('defer')),
  stage: inStates(['received', 'held', 'approved'], (page, question) => move(page, () => page.desk.stage(question))),
  air: inStates(['approved', 'staged'], ({ desk }, question) => void desk.actions.act(question, 'air')),
  answer: (page, question) => {
    if (question.state === 'on_air') void page.desk.actions.act(question, 'answer');
    else page.desk.choose(page.desk.column, question.id, true);
    return true;
  },
  edit: (page, question) => editable(question) && (page.desk.setMode('edit'), true),
  theme: (page, question) => editable(question) && (page.focusTheme(), true),
  claim: (page, question) => (page.desk.claimNow(question, page.desk.claims.others(question) !== undefined), true),
  merge: (page, question) => {
    const merge = bestMerge(page.desk, question);
    if (merge) move(page, merge);
    return merge !== undefined;
  },
};

/** Changes the choice and brings the focus along. */
function move(page: Moderator, change: () => void): true {
  change();
  void page.reveal(page.desk.chosen);
  return true;
}

function back(page: Moderator): boolean {
  const { desk } = page;
  if (desk.mode !== 'acts') desk.setMode('acts');
  else if (desk.selected.size > 0) desk.clearSelection();
  else if (desk.drawerOpen && matchMedia('(max-width: 72rem)').matches) desk.closeDrawer();
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  return move(page, () => undefined);
}

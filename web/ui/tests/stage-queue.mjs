// The queue of the stage set: answers the moderators' commands as docs/protocol.md says, over invented questions. Keeps nothing
// but the views, what may be undone, and the journal. Never a rule of its own: what the program refuses, this refuses.

const LEASE_MS = 60_000;

/** Keys of the stage set that belong to moderators: who they are. */
export const STAFF = {
  moderator: { name: 'Claire Meyer', staff: '11aa11aa11aa11aa' },
  karim: { name: 'Karim Benali', staff: '22bb22bb22bb22bb' },
};

/** Command -> the states it leads from, and to. */
const MOVES = {
  approve: [['received', 'held'], 'approved'],
  hold: [['received'], 'held'],
  decline: [['received', 'held', 'approved', 'staged', 'deferred'], 'declined'],
  restore: [['declined', 'approved', 'held', 'deferred'], 'received'],
  defer: [['received', 'held', 'approved', 'staged'], 'deferred'],
  stage: [['approved'], 'staged'],
  unstage: [['staged'], 'approved'],
  merge: [['received', 'held', 'approved', 'staged'], 'merged'],
  air: [['approved', 'staged'], 'on_air'],
  off_air: [['on_air'], 'staged'],
  answer: [['approved', 'staged', 'on_air'], 'answered'],
  reopen: [['answered'], 'staged'],
};
const WHAT = {
  approve: 'approved', hold: 'held', decline: 'declined', restore: 'restored', defer: 'deferred', stage: 'staged', unstage: 'unstaged', merge: 'merged', unmerge: 'unmerged',
  air: 'taken_on_air', off_air: 'taken_off_air', answer: 'answered', reopen: 'reopened', edit: 'edited', move: 'moved', assign: 'assigned', note: 'noted', ban: 'banned', unban: 'unbanned',
};
/** A colleague's claim keeps others from these. */
const GUARDED = new Set(['hold', 'approve', 'decline', 'restore', 'edit', 'merge', 'defer']);
const HANDS = { call: [['raised', 'called'], 'called'], speaking: [['ready', 'called'], 'speaking'], hand_done: [['speaking'], 'done'], dismiss: [['raised', 'called', 'ready'], 'dismissed'] };

/** Commands that take no version; the program refuses what it does not know. */
const FIELDS = { note: ['question', 'text'], ban: ['question', 'asker', 'reason', 'minutes'], unban: ['asker'], claim: ['question', 'take'], release: ['question'], undo: ['question'], similar: ['question', 'text'], history: ['question', 'before'] };

class Refusal {
  constructor(code, detail, current) {
    Object.assign(this, { code, detail, ...(current ? { current } : {}) });
  }
}

/** One queue over the views of one event. */
export function queue(one) {
  const undone = new Map();
  let seq = Math.max(0, ...[...(one.topics.journal?.map.keys() ?? [])].map((key) => Number(key.slice(2))));
  const view = () => one.topics.moderation.map;
  const get = (id) => view().get(`q/${id}`);
  const all = (prefix) => [...view()].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value);

  const write = (who, what, about = {}) => {
    seq += 1;
    one.change('journal', { [`e/${seq}`]: { at: Date.now(), by: who.name, what, ...about } });
  };
  const put = (...questions) => one.change('moderation', Object.fromEntries(questions.map((q) => [`q/${q.id}`, q])));

  const claimOf = (q) => (q.claim && q.claim.until > Date.now() ? q.claim : undefined);

  /** The stage list with `q` at `rank` (from 1), or without it. Gives every question whose rank changed. */
  const ranked = (q, rank) => {
    const others = all('q/').filter((other) => other.state === 'staged' && other.id !== q.id).sort((a, b) => a.rank - b.rank);
    if (rank !== undefined) others.splice(Math.max(0, Math.min(rank - 1, others.length)), 0, q);
    return others.map((other, index) => (other.rank === index + 1 ? other : { ...other, rank: index + 1 })).filter((other) => other.id === q.id || get(other.id)?.rank !== other.rank);
  };

  const existing = ({ question, version }, versioned = true) => {
    const q = get(question);
    if (!q) throw new Refusal('not_found', 'no such question');
    if (versioned && version !== q.version) throw new Refusal('stale', 'changed', q);
    return q;
  };

  const guard = (act, q, who, written) => {
    const claim = claimOf(q);
    if (claim && claim.staff !== who.staff && (GUARDED.has(act) || written)) throw new Refusal('claimed', `${claim.by} works on it`, q);
  };

  /** Sets the question, remembers how it was, and writes it down. */
  const commit = (act, before, next, who, { detail, also = [] } = {}) => {
    const q = { ...next, version: before.version + 1, by: who.name };
    if (q.state !== before.state) delete q.claim;
    if (q.state !== 'staged') delete q.rank;
    const rank = q.state === 'staged' ? (q.rank ?? Infinity) : undefined;
    const lot = q.state === 'staged' || before.state === 'staged' ? ranked(q, rank) : [q];
    if (!lot.some((other) => other.id === q.id)) lot.push(q);
    put(...lot, ...also.map((other) => ({ ...other, version: other.version })));
    remember(who, { id: q.id, before, version: q.version, act });
    write(who, WHAT[act] ?? act, { question: q.id, ...(detail ? { detail } : {}) });
    return { question: q.id, version: q.version, state: q.state };
  };
  const remember = (who, entry) => undone.set(who.staff, [...(undone.get(who.staff) ?? []), entry].slice(-20));

  const change = (act, command, who) => {
    const q = existing(command);
    const written = act === 'answer' && command.written;
    guard(act, q, who, written);
    const [from, to] = MOVES[act];
    if (!from.includes(q.state) && !(written && ['received', 'held', 'deferred'].includes(q.state))) throw new Refusal('wrong_state', `it is ${q.state}`, q);
    const next = { ...q, state: to };
    if (act === 'decline') next.reason = command.reason;
    if (act === 'restore') delete next.reason;
    if (act === 'hold') next.held = { code: 'moderator' };
    if (act === 'defer') next.deferred_to = command.to;
    if (act === 'air') next.air_at = Date.now();
    if (act === 'answer') Object.assign(next, { answered_at: Date.now(), ...(written ? { written, to: command.to ?? 'all' } : {}) });
    if (act === 'off_air' || act === 'reopen') next.rank = 1;
    const also = [];
    if (act === 'merge') {
      const into = get(command.into);
      if (!into || into.id === q.id || ['merged', 'withdrawn', 'declined', 'deferred'].includes(into.state)) throw new Refusal('wrong_state', 'it cannot take others in', into);
      Object.assign(next, { into: into.id, before: q.state });
      also.push({ ...into, votes: into.votes + q.votes, merged: [...(into.merged ?? []), q.id] });
    }
    if (act === 'air') also.push(...all('q/').filter((other) => other.state === 'on_air').map((other) => ({ ...other, state: 'staged', rank: 0, version: other.version + 1 })));
    return commit(act, q, next, who, { detail: command.reason ?? command.to, also });
  };

  const acts = {
    edit(command, who) {
      const q = existing(command);
      guard('edit', q, who);
      const tags = Object.fromEntries(['theme', 'public', 'site'].filter((tag) => tag in command).map((tag) => [tag, command[tag] ?? undefined]));
      const reworded = command.text !== q.text;
      return commit('edit', q, { ...q, ...tags, text: command.text, ...(reworded && !q.original ? { original: q.text } : {}) }, who);
    },
    move(command, who) {
      const q = existing(command);
      if (q.state !== 'staged') throw new Refusal('wrong_state', `it is ${q.state}`, q);
      return commit('move', q, { ...q, rank: command.to }, who);
    },
    assign(command, who) {
      const q = existing(command);
      const assigned = { ...q.assigned, ...('speaker' in command ? { speaker: command.speaker ?? undefined } : {}), ...('to_site' in command ? { site: command.to_site ?? undefined } : {}) };
      return commit('assign', q, { ...q, assigned }, who);
    },
    unmerge(command, who) {
      const q = existing(command);
      if (q.state !== 'merged') throw new Refusal('wrong_state', `it is ${q.state}`, q);
      const into = get(q.into);
      const { into: _, before, ...rest } = q;
      const also = into ? [{ ...into, votes: into.votes - q.votes, merged: into.merged.filter((id) => id !== q.id) }] : [];
      return commit('unmerge', q, { ...rest, state: before === 'staged' ? 'approved' : before }, who, { also });
    },
    note(command, who) {
      const q = existing(command, false);
      put({ ...q, notes: [...(q.notes ?? []), { by: who.name, at: Date.now(), text: command.text }] });
      write(who, 'noted', { question: q.id, detail: command.text });
      return { question: q.id, version: q.version };
    },
    claim(command, who) {
      const q = existing(command, false);
      const claim = claimOf(q);
      if (claim && claim.staff !== who.staff && !command.take) throw new Refusal('claimed', `${claim.by} works on it`, q);
      put({ ...q, claim: { by: who.name, staff: who.staff, until: Date.now() + LEASE_MS } });
      return { question: q.id };
    },
    release(command, who) {
      const q = existing(command, false);
      if (q.claim?.staff !== who.staff) return {};
      const { claim: _, ...rest } = q;
      put(rest);
      return { question: q.id };
    },
    undo(command, who) {
      const mine = undone.get(who.staff) ?? [];
      const index = mine.findLastIndex((entry) => command.question === undefined || entry.id === command.question);
      const last = mine[index];
      if (!last) throw new Refusal('wrong_state', 'nothing to undo');
      const q = get(last.id);
      if (q.version !== last.version) throw new Refusal('stale', 'something else happened to it', q);
      mine.splice(index, 1);
      const into = last.act === 'merge' && get(q.into);
      if (into) put({ ...into, votes: into.votes - q.votes, merged: into.merged.filter((id) => id !== q.id) });
      const back = { ...last.before, version: q.version + 1, by: who.name };
      put(...(back.state === 'staged' || q.state === 'staged' ? [...ranked(back, back.state === 'staged' ? back.rank : undefined), back] : [back]));
      // What came before it may be undone next.
      const earlier = mine.findLast((entry) => entry.id === last.id);
      if (earlier) earlier.version = back.version;
      write(who, 'undone', { question: q.id });
      return { question: q.id, version: back.version, state: back.state, undone: last.act };
    },
    ban(command, who) {
      const asker = command.asker ?? existing(command, false).asker;
      const theirs = all('q/').filter((q) => q.asker === asker);
      put(...theirs.map((q) => ({ ...q, banned: true })));
      one.change('moderation', { [`ban/${asker}`]: { reason: command.reason, by: who.name, at: Date.now() } });
      write(who, 'banned', { ...(command.question ? { question: command.question } : {}), detail: command.reason });
      return {};
    },
    unban(command, who) {
      put(...all('q/').filter((q) => q.asker === command.asker).map(({ banned: _, ...q }) => q));
      one.change('moderation', {}, [`ban/${command.asker}`]);
      write(who, 'unbanned');
      return {};
    },
    policy({ session, rules, do: _, id: __, ...fields }, who) {
      const policy = view().get('policy');
      const { [session]: own, ...others } = policy.sessions ?? {};
      const kept = { ...(rules === null ? {} : own), ...fields };
      const next = session ? { ...policy, sessions: { ...others, ...(Object.keys(kept).length > 0 ? { [session]: kept } : {}) } } : { ...policy, ...fields };
      one.change('moderation', { policy: next, ...(session ? {} : { queue: { ...view().get('queue'), open: next.open, moderation: next.moderation } }) });
      write(who, 'policy_set');
      return {};
    },
    queue: ({ open, moderation }, who) => acts.policy({ ...(open === undefined ? {} : { open }), ...(moderation === undefined ? {} : { moderation }) }, who),
    similar(command) {
      const q = get(command.question);
      const words = new Set(q.text.toLowerCase().match(/\p{L}{5,}/gu));
      const score = (other) => [...new Set(other.text.toLowerCase().match(/\p{L}{5,}/gu))].filter((word) => words.has(word)).length;
      const open = all('q/').filter((other) => other.id !== q.id && !['merged', 'withdrawn', 'declined', 'deferred'].includes(other.state));
      const found = open.map((other) => [score(other), other]).filter(([points]) => points > 0).sort(([a], [b]) => b - a);
      return { questions: found.slice(0, 5).map(([, { id, text, state, votes }]) => ({ id, text, state, votes })) };
    },
    history({ question, before }) {
      if (question !== undefined) {
        const entries = [...(one.topics.journal?.map.values() ?? [])].filter((entry) => entry.question === question);
        return { entries: [{ at: get(question).asked_at, by: '', what: 'asked', question }, ...entries] };
      }
      const from = Math.max(1, before - 50);
      return { entries: Array.from({ length: Math.max(0, before - from) }, (_, index) => ({ seq: from + index, at: Date.now() - 3_600_000, by: 'Odile Martin', what: 'approved', question: 38 })) };
    },
    bulk({ act, items, do: _, id: __, ...fields }, who) {
      const results = items.map((item) => {
        try {
          return acts[act] ? acts[act]({ ...fields, ...item }, who) : change(act, { ...fields, ...item }, who);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          return { question: item.question, ...error };
        }
      });
      return { results };
    },
    move_hand(command) {
      const hand = existingHand(command);
      const line = all('hand/').filter((other) => other.state === 'raised' && other.hand !== hand.hand).sort((a, b) => a.place - b.place);
      line.splice(command.to - 1, 0, hand);
      one.change('moderation', Object.fromEntries(line.map((other, index) => [`hand/${other.hand}`, { ...other, place: index + 1, ...(other === hand ? { version: hand.version + 1 } : {}) }])));
      return { hand: hand.hand };
    },
  };

  const existingHand = ({ hand, version }) => {
    const known = view().get(`hand/${hand}`);
    if (!known) throw new Refusal('not_found', 'no such hand');
    if (known.version !== version) throw new Refusal('stale', 'changed', known);
    return known;
  };
  const handAct = (act, command, who) => {
    const hand = existingHand(command);
    const [from, to] = HANDS[act];
    if (!from.includes(hand.state)) throw new Refusal('wrong_state', `it is ${hand.state}`, hand);
    const { place, ...rest } = hand;
    one.change('moderation', { [`hand/${hand.hand}`]: { ...rest, state: to, version: hand.version + 1, by: who.name, ...(act === 'call' ? { called_at: Date.now() } : {}) } });
    write(who, { call: 'hand_called', speaking: 'hand_speaking', hand_done: 'hand_done', dismiss: 'hand_dismissed' }[act], { hand: hand.hand });
    return { hand: hand.hand, state: to };
  };

  /** The answer to a moderator's command, or undefined when it is none. */
  return (command, who) => {
    const name = command.do;
    const odd = FIELDS[name] && Object.keys(command).find((field) => !['do', 'id', ...FIELDS[name]].includes(field));
    if (odd) return { refused: command.id, code: 'bad_request', detail: `${name}: there is no field "${odd}"` };
    const run = acts[name] ?? (MOVES[name] ? (wanted, by) => change(name, wanted, by) : HANDS[name] ? (wanted, by) => handAct(name, wanted, by) : undefined);
    if (!run || (name === 'similar' && command.question === undefined)) return undefined;
    try {
      return { done: command.id, result: run(command, who) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { refused: command.id, ...error };
    }
  };
}

/** What this person is writing: kept over a reload; who they are is kept longer. Owns its storage, draws nothing. */
import { local, tab } from '../../live/store.js';

export interface Draft {
  text: string;
  name: string;
  showName: boolean;
  public: string;
  theme: string;
  site: string;
  /** What one wants to speak about, and from which room. */
  about: string;
  room: string;
}

export class Drafts {
  private readonly draft: Draft;

  constructor(private readonly event: string) {
    this.draft = { ...this.person(), text: '', theme: '', site: '', about: '', room: '', ...this.stored() };
  }

  get now(): Readonly<Draft> {
    return this.draft;
  }

  /** A text put aside for somebody else's question. */
  get aside(): string {
    return tab.get(this.asideName) ?? '';
  }

  set<K extends keyof Draft>(key: K, value: Draft[K]): void {
    this.draft[key] = value;
    tab.set(this.name, JSON.stringify(this.draft));
  }

  /** Sent: the text goes, who one is stays for the next one. */
  sent(): void {
    local.set('pl-name', this.draft.name.trim());
    local.set('pl-show-name', String(this.draft.showName));
    local.set(`pl-public/${this.event}`, this.draft.public);
    Object.assign(this.draft, { text: '', theme: '', site: '' });
    tab.set(this.name, JSON.stringify(this.draft));
  }

  /** The hand is up. */
  raised(): void {
    local.set('pl-name', this.draft.name.trim());
    local.set(`pl-public/${this.event}`, this.draft.public);
    this.set('about', '');
  }

  putAside(): void {
    tab.set(this.asideName, this.draft.text);
    this.set('text', '');
  }

  takeBack(): void {
    this.set('text', this.aside);
    tab.remove(this.asideName);
  }

  private person(): Pick<Draft, 'name' | 'showName' | 'public'> {
    return {
      name: local.get('pl-name') ?? '',
      showName: local.get('pl-show-name') === 'true',
      public: local.get(`pl-public/${this.event}`) ?? '',
    };
  }

  private stored(): Partial<Draft> {
    try {
      return JSON.parse(tab.get(this.name) ?? '{}') as Partial<Draft>;
    } catch {
      return {};
    }
  }

  private get name(): string {
    return `pl-draft/${this.event}`;
  }
  private get asideName(): string {
    return `pl-aside/${this.event}`;
  }
}

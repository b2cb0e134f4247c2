/** A topic as a keyed map, and what one message makes of it. Pure: nothing is lost or counted twice, whatever comes twice or late. */

/** A topic as last heard. `map` is replaced at each change, so it can be compared by identity. */
export interface Topic {
  epoch: string | undefined;
  offset: number;
  loaded: boolean;
  map: ReadonlyMap<string, unknown>;
}

/** A snapshot or a change, as it arrives. */
export interface TopicMessage {
  epoch?: string | undefined;
  offset: number;
  snapshot?: boolean;
  set?: Record<string, unknown>;
  unset?: string[];
}

export function emptyTopic(): Topic {
  return { epoch: undefined, offset: 0, loaded: false, map: new Map() };
}

/** The topic after `message`; the same one when it was already known; `hole` when something is missing before it. */
export function learnt(known: Topic, message: TopicMessage): Topic | 'hole' {
  const { epoch, offset, set = {}, unset = [] } = message;
  if (message.snapshot) return { epoch, offset, loaded: true, map: new Map(Object.entries(set)) };
  if (epoch === known.epoch && offset <= known.offset) return known;
  if (epoch !== known.epoch || offset !== known.offset + 1) return 'hole';
  const map = new Map(known.map);
  for (const [key, value] of Object.entries(set)) map.set(key, value);
  for (const key of unset) map.delete(key);
  return { epoch, offset, loaded: true, map };
}

/** The icon sprite: one `<symbol>` per picture, drawn on a 24 px grid, stroked by the `.i` class. */
import { svg } from 'lit';

/** Every icon the pages may name. */
export const sprite = svg`
  <symbol id="i-air" viewBox="0 0 24 24"><rect x="5" y="5" width="14" height="14" rx="2" fill="currentColor"/></symbol>
  <symbol id="i-back" viewBox="0 0 24 24"><path d="M4 5v5h5"/><path d="M4.6 10A8 8 0 1 1 4 13.5"/></symbol>
  <symbol id="i-cal" viewBox="0 0 24 24"><rect x="4" y="5.5" width="16" height="14.5" rx="2"/><path d="M4 10h16M8.5 3v4M15.5 3v4"/></symbol>
  <symbol id="i-cc" viewBox="0 0 24 24"><rect x="3" y="5" width="18" height="14" rx="3"/><path d="M10.5 10.5a2 2 0 1 0 0 3M17 10.5a2 2 0 1 0 0 3"/></symbol>
  <symbol id="i-chat" viewBox="0 0 24 24"><path d="M4 5h16v11h-8l-5 4v-4H4z"/></symbol>
  <symbol id="i-check" viewBox="0 0 24 24"><path d="M5 12.5l4.5 4.5L19 7.5"/></symbol>
  <symbol id="i-chev" viewBox="0 0 24 24"><path d="M6 9.5l6 6 6-6"/></symbol>
  <symbol id="i-clock" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/></symbol>
  <symbol id="i-copy" viewBox="0 0 24 24"><rect x="9" y="9" width="11" height="11" rx="2"/><path d="M15 9V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h3"/></symbol>
  <symbol id="i-disc" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8"/><circle cx="12" cy="12" r="4" fill="currentColor"/></symbol>
  <symbol id="i-dl" viewBox="0 0 24 24"><path d="M12 4v11M7 10.5l5 5 5-5M4 20h16"/></symbol>
  <symbol id="i-down" viewBox="0 0 24 24"><path d="M12 5v13M6 12l6 6 6-6"/></symbol>
  <symbol id="i-eyeoff" viewBox="0 0 24 24"><path d="M4 4l16 16M10 6.3A9 9 0 0 1 21 12a13 13 0 0 1-2.2 2.9M6.5 7.7A13 13 0 0 0 3 12c2 3.7 5.3 5.7 9 5.7 1.4 0 2.7-.3 3.9-.8M10 10.2a2.7 2.7 0 0 0 3.8 3.8"/></symbol>
  <symbol id="i-full" viewBox="0 0 24 24"><path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/></symbol>
  <symbol id="i-gauge" viewBox="0 0 24 24"><path d="M4 18a8.5 8.5 0 1 1 16 0M12 14l4-5"/></symbol>
  <symbol id="i-gear" viewBox="0 0 24 24"><path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.5"/><circle cx="8" cy="17" r="2.5"/></symbol>
  <symbol id="i-hand" viewBox="0 0 24 24"><path d="M7 12V6.5a1.5 1.5 0 0 1 3 0V11m0-5.5v-1a1.5 1.5 0 0 1 3 0V11m0-5.5a1.5 1.5 0 0 1 3 0V12m0-4a1.5 1.5 0 0 1 3 0v6c0 4-2.5 6.5-6.5 6.5-3 0-4.7-1.2-6-3.5l-2.7-4.7a1.5 1.5 0 0 1 2.5-1.6L7 13.5"/></symbol>
  <symbol id="i-hands" viewBox="0 0 24 24"><path d="M8 20c-3 0-4.5-2-4.5-5V9.5a1.25 1.25 0 0 1 2.5 0V6.5a1.25 1.25 0 0 1 2.5 0v-1a1.25 1.25 0 0 1 2.5 0v7l1.5-1.8a1.3 1.3 0 0 1 2 1.7l-3.2 5.2C10.5 19.3 9.5 20 8 20zM16 4.5c2.5.5 4 2 4.5 4.5M15.5 8c1 .3 1.6.9 1.9 1.9"/></symbol>
  <symbol id="i-key" viewBox="0 0 24 24"><circle cx="8" cy="15" r="4"/><path d="M11 12l8.5-8.5M15.5 7.5l3 3"/></symbol>
  <symbol id="i-list" viewBox="0 0 24 24"><path d="M4 6.5h1M9 6.5h11M4 12h1M9 12h11M4 17.5h1M9 17.5h11"/></symbol>
  <symbol id="i-mark" viewBox="0 0 24 24"><g fill="currentColor" stroke="none"><circle cx="12" cy="18.5" r="3.25"/><circle cx="2.6" cy="17.5" r="1.9"/><circle cx="4.2" cy="11.7" r="1.9"/><circle cx="7.3" cy="7.4" r="1.9"/><circle cx="12" cy="5.7" r="1.9"/><circle cx="16.7" cy="7.4" r="1.9"/><circle cx="19.8" cy="11.7" r="1.9"/><circle cx="21.4" cy="17.5" r="1.9"/></g></symbol>
  <symbol id="i-merge" viewBox="0 0 24 24"><path d="M6 4v4c0 4 6 4 6 8v4M18 4v4c0 4-6 4-6 8M9 17l3 3 3-3"/></symbol>
  <symbol id="i-mic" viewBox="0 0 24 24"><rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/></symbol>
  <symbol id="i-mute" viewBox="0 0 24 24"><path d="M4 9.5v5h3.5L12 19V5L7.5 9.5z" fill="currentColor"/><path d="M16 9.5l5 5M21 9.5l-5 5"/></symbol>
  <symbol id="i-next" viewBox="0 0 24 24"><path d="M5 5v14l10-7z" fill="currentColor"/><path d="M19 5v14"/></symbol>
  <symbol id="i-no" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8.5"/><path d="M8 12h8"/></symbol>
  <symbol id="i-okc" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8.5"/><path d="M8 12.3l2.8 2.8L16 9.8"/></symbol>
  <symbol id="i-pause" viewBox="0 0 24 24"><path d="M8 5v14M16 5v14" stroke-width="3"/></symbol>
  <symbol id="i-pen" viewBox="0 0 24 24"><path d="M4 20l1-4L16 5l3 3L8 19zM14 7l3 3"/></symbol>
  <symbol id="i-person" viewBox="0 0 24 24"><circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c0-4 3.3-6.5 7.5-6.5s7.5 2.5 7.5 6.5"/></symbol>
  <symbol id="i-phones" viewBox="0 0 24 24"><path d="M4 15v-3a8 8 0 0 1 16 0v3"/><rect x="3.5" y="14" width="4" height="6" rx="1.5"/><rect x="16.5" y="14" width="4" height="6" rx="1.5"/></symbol>
  <symbol id="i-play" viewBox="0 0 24 24"><path d="M7 4.5v15l12-7.5z" fill="currentColor"/></symbol>
  <symbol id="i-refresh" viewBox="0 0 24 24"><path d="M20 5v5h-5M4 19v-5h5"/><path d="M19.5 10A8 8 0 0 0 5.5 7M4.5 14a8 8 0 0 0 14 3"/></symbol>
  <symbol id="i-right" viewBox="0 0 24 24"><path d="M5 12h13M12 6l6 6-6 6"/></symbol>
  <symbol id="i-ring" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8"/></symbol>
  <symbol id="i-rss" viewBox="0 0 24 24"><path d="M5 12a7 7 0 0 1 7 7M5 5.5A13.5 13.5 0 0 1 18.5 19"/><circle cx="6" cy="18" r="1.5" fill="currentColor"/></symbol>
  <symbol id="i-search" viewBox="0 0 24 24"><circle cx="11" cy="11" r="6.5"/><path d="M16 16l4.5 4.5"/></symbol>
  <symbol id="i-send" viewBox="0 0 24 24"><path d="M4 12L20 4l-5 16-3.5-6.5z"/></symbol>
  <symbol id="i-share" viewBox="0 0 24 24"><circle cx="6" cy="12" r="2.5"/><circle cx="17.5" cy="6" r="2.5"/><circle cx="17.5" cy="18" r="2.5"/><path d="M8.3 10.9l7-3.8M8.3 13.1l7 3.8"/></symbol>
  <symbol id="i-sound" viewBox="0 0 24 24"><path d="M4 9.5v5h3.5L12 19V5L7.5 9.5z" fill="currentColor"/><path d="M15.5 9a4 4 0 0 1 0 6M18 6.5a7.5 7.5 0 0 1 0 11"/></symbol>
  <symbol id="i-tag" viewBox="0 0 24 24"><path d="M4 4h7l9 9-7 7-9-9z"/><circle cx="8" cy="8" r="1.25" fill="currentColor"/></symbol>
  <symbol id="i-talk" viewBox="0 0 24 24"><path d="M4 10v4h3l9 4.5v-13L7 10zM19.5 9.5a4 4 0 0 1 0 5"/></symbol>
  <symbol id="i-theme" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8.5"/><path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor"/></symbol>
  <symbol id="i-up" viewBox="0 0 24 24"><path d="M12 19V6M6 12l6-6 6 6"/></symbol>
  <symbol id="i-warn" viewBox="0 0 24 24"><path d="M12 4L2.8 20h18.4z"/><path d="M12 10v4.5M12 17.3v.1"/></symbol>
  <symbol id="i-x" viewBox="0 0 24 24"><path d="M6 6l12 12M18 6L6 18"/></symbol>
`;

export type IconName =
  | 'air'
  | 'back'
  | 'cal'
  | 'cc'
  | 'chat'
  | 'check'
  | 'chev'
  | 'clock'
  | 'copy'
  | 'disc'
  | 'dl'
  | 'down'
  | 'eyeoff'
  | 'full'
  | 'gauge'
  | 'gear'
  | 'hand'
  | 'hands'
  | 'key'
  | 'list'
  | 'mark'
  | 'merge'
  | 'mic'
  | 'mute'
  | 'next'
  | 'no'
  | 'okc'
  | 'pause'
  | 'pen'
  | 'person'
  | 'phones'
  | 'play'
  | 'refresh'
  | 'right'
  | 'ring'
  | 'rss'
  | 'search'
  | 'send'
  | 'share'
  | 'sound'
  | 'tag'
  | 'talk'
  | 'theme'
  | 'up'
  | 'warn'
  | 'x';

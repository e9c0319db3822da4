/** Small drawings; what they mean is always said in words, too. */

import type { VNode } from 'preact';

const PATHS = {
  add: 'M8 2.5v11M2.5 8h11',
  history: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 4.8V8l2.4 1.6',
  trash: 'M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9M6.8 7v4M9.2 7v4',
  send: 'M8 13.5V3M3.5 7.5 8 3l4.5 4.5',
  stop: 'M4.5 4.5h7v7h-7z',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  insert: 'M2.5 2.5h11M2.5 13.5h11M8 5v6M5.5 8.5 8 11l2.5-2.5',
  check: 'M3 8.5 6.3 12 13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  chevron: 'M6 3.5 10.5 8 6 12.5',
  read: 'M4 1.5h5.2L12 4.3v10.2H4zM9 1.5v3h3',
  edit: 'M3 13l.7-3.2 6.8-6.8 2.5 2.5-6.8 6.8z',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3 14 14',
  execute: 'M1.5 3h13v10h-13zM4 6l2 2-2 2M8.5 10.5H11',
  think: 'M6 14h4M6 11.5C6 9.8 4 9 4 6.5a4 4 0 0 1 8 0c0 2.5-2 3.3-2 5z',
  other: 'M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.5 3.5 5 5M11 11l1.5 1.5M12.5 3.5 11 5M5 11l-1.5 1.5',
  warning: 'M8 2l6.2 11.5H1.8zM8 6.5V10M8 11.6v.4',
  shield: 'M8 1.5l5 2v4c0 3.4-2 5.8-5 7-3-1.2-5-3.6-5-7v-4z',
  undo: 'M5.5 2.5 2.5 5.5l3 3M2.5 5.5H9a4 4 0 0 1 0 8H6',
  retry: 'M13.2 8A5.2 5.2 0 1 1 11.6 4.2L13 5.5M13 2.2v3.3H9.7',
  down: 'M8 3v9.5M3.8 8.5 8 12.7l4.2-4.2',
  spark: 'M8 1.5 9.6 6.4 14.5 8 9.6 9.6 8 14.5 6.4 9.6 1.5 8 6.4 6.4z',
  diff: 'M8 2.5v6M5 5.5h6M5 12.5h6',
  folder: 'M1.5 3.5h4.7l1.6 2h6.7v8h-13z',
  symbol: 'M6 2.5c-2.2 0-1.5 2-1.5 3.5S3.7 8 2.5 8c1.2 0 2 .5 2 2s-.7 3.5 1.5 3.5M10 2.5c2.2 0 1.5 2 1.5 3.5s.8 2 2 2c-1.2 0-2 .5-2 2s.7 3.5-1.5 3.5',
  pending: 'M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3',
  running: 'M8 2.5A5.5 5.5 0 1 1 2.5 8',
  done: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M5.5 8.2l1.8 1.8 3.2-3.8',
  failed: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M6 6l4 4M10 6l-4 4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): VNode {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The same as a node, for what is not drawn by Preact. */
export function iconNode(name: IconName): SVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  svg.appendChild(document.createElementNS(space, 'path')).setAttribute('d', PATHS[name]);
  return svg;
}

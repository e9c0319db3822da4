/** What the view sends, looked at before it is believed. Pure. */

import { REMEDIES } from '../trouble';
import type { FromView } from './protocol';

type Field = 'text' | 'number' | 'text?' | 'number?';

const SHAPES: { readonly [T in FromView['type']]: Readonly<Record<string, Field>> } = {
  ready: {},
  prompt: { text: 'text' },
  explainFile: {},
  stop: {},
  retry: {},
  newChat: {},
  sessions: {},
  open: { session: 'text' },
  delete: { session: 'text' },
  mode: { mode: 'text' },
  trust: {},
  answer: { ask: 'text', option: 'text' },
  showDiff: { item: 'text', path: 'text' },
  review: { turn: 'number', path: 'text' },
  keep: { turn: 'number', path: 'text?' },
  undo: { turn: 'number', path: 'text?' },
  showFile: { path: 'text', line: 'number?' },
  copy: { text: 'text' },
  insert: { text: 'text' },
  apply: { text: 'text' },
  mentions: { request: 'number', text: 'text' },
  command: { command: 'text' },
};

const COMMANDS: ReadonlySet<unknown> = new Set(Object.values(REMEDIES).map((each) => each.command));

/** The message with what belongs to it and nothing else; undefined if it is none. */
export function checked(message: unknown): FromView | undefined {
  if (typeof message !== 'object' || message === null) {
    return undefined;
  }
  const given = message as Readonly<Record<string, unknown>>;
  const { type } = given;
  if (typeof type !== 'string' || !Object.hasOwn(SHAPES, type)) {
    return undefined;
  }
  const shape = SHAPES[type as FromView['type']];
  const fits = Object.entries(shape).every(([name, field]) => isOf(given[name], field));
  if (!fits || (type === 'command' && !COMMANDS.has(given['command']))) {
    return undefined;
  }
  const names = ['type', ...Object.keys(shape)];
  return Object.fromEntries(names.map((name) => [name, given[name]])) as unknown as FromView;
}

function isOf(value: unknown, field: Field): boolean {
  if (value === undefined) {
    return field.endsWith('?');
  }
  return field.startsWith('text') ? typeof value === 'string' : Number.isSafeInteger(value) && Number(value) >= 0;
}

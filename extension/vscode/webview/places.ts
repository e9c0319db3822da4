/** Places in files, as models write them in backticks and in links. Pure. */

import type { Place } from '../src/chat/protocol';

const LONGEST = 300;
/** A path, with a line behind it as in `a.py:10`, `a.py:10:3`, `a.py:10-20` or `a.py#L10`. */
const PLACE = /^([^\s:#?*"<>|`]+?)(?:(?::|#L)(\d{1,7})(?:[:-]L?\d{1,7})?)?$/;
const NAME = /^[\p{L}\p{N}_.@+-]*\.[A-Za-z]\w{0,9}$/u;
/** Folders of this machine: no name of a host in front. */
const FOLDERS = /^\/?(?:[\p{L}\p{N}_.@+-]+[\\/])*[\p{L}\p{N}_.@+-]+$/u;
/** Without a line, `os.path` or `self.name` would be a file, too. */
const ENDINGS = new Set(
  ('c cc cfg conf cpp cs css csv cxx go gradle h hpp html ini ipynb java js json jsx kt less lock lua md mjs cjs ' +
    'php proto ps1 py pyi rb rs rst scala scss sh sql svelte swift tex toml ts tsx txt vue xml yaml yml zig').split(' '),
);

/** The place that a text is, or undefined. Whether there is such a file is not known here. */
export function placeOf(text: string): Place | undefined {
  if (text.length > LONGEST) {
    return undefined;
  }
  const found = PLACE.exec(text);
  const path = found?.[1];
  if (path === undefined || !FOLDERS.test(path)) {
    return undefined;
  }
  const line = found?.[2] === undefined ? undefined : Number(found[2]);
  const name = path.split(/[\\/]/).at(-1) ?? '';
  const ending = name.split('.').at(-1)?.toLowerCase() ?? '';
  const isFile = NAME.test(name) && (ENDINGS.has(ending) || line !== undefined);
  return isFile ? { path, line } : undefined;
}

/** Which files the view may have opened. Pure. */

import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * Where a path may be that the view names: in one of the folders, or one that the server has named.
 * A relative one may be in each of them. What is elsewhere is not opened.
 */
export function candidates(path: string, folders: readonly string[], named: ReadonlySet<string>): string[] {
  if (named.has(path)) {
    return [path];
  }
  const places = isAbsolute(path) ? [resolve(path)] : folders.map((folder) => resolve(folder, path));
  return places.filter((place) => folders.some((folder) => isIn(place, folder)));
}

/** How a file is pointed at in a message; lines count from 1. */
export function mentionOf(path: string, lines?: { readonly first: number; readonly last: number }): string {
  const name = path.split(sep).join('/');
  const place = lines === undefined ? '' : `:${lines.first}-${lines.last}`;
  return `${/^[\w./-]*[\w/]$/.test(name) ? `@${name}` : `@"${name}"`}${place}`;
}

function isIn(place: string, folder: string): boolean {
  const way = relative(folder, place);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

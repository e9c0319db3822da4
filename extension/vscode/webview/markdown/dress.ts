/** Gives rendered Markdown what can be clicked. */

import { post } from '../host';
import { iconNode, type IconName } from '../parts/icons';
import { placeOf } from '../places';

/** How long a button says that it has been done. */
const SAID_MS = 1_500;

/** Blocks of code get their buttons, and paths open files. For blocks that stay as they are. */
export function dress(fragment: DocumentFragment): void {
  for (const code of fragment.querySelectorAll<HTMLElement>('.code')) {
    code.prepend(toolbar(code));
  }
  for (const place of fragment.querySelectorAll<HTMLElement>('.place')) {
    open(place);
  }
}

/** The language is shown before there are buttons, so that nothing jumps when they come. */
export function label(fragment: DocumentFragment): void {
  for (const code of fragment.querySelectorAll<HTMLElement>('.code')) {
    code.prepend(bar(code));
  }
}

function bar(code: HTMLElement): HTMLElement {
  const bar = document.createElement('div');
  bar.className = 'code-bar';
  const language = bar.appendChild(document.createElement('span'));
  language.className = 'language';
  language.textContent = (code.dataset['language'] ?? '').slice(0, 40) || 'text';
  return bar;
}

function toolbar(code: HTMLElement): HTMLElement {
  const filled = bar(code);
  const text = code.querySelector('pre')?.textContent ?? '';
  const kinds = [
    ['copy', 'copy', 'Copy'],
    ['insert', 'insert', 'Insert at the cursor'],
    ['apply', 'check', 'Apply to the file'],
  ] as const;
  for (const [type, icon, words] of kinds) {
    filled.append(button(icon, words, () => post({ type, text })));
  }
  return filled;
}

function button(icon: IconName, words: string, act: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'icon-button';
  made.title = words;
  made.setAttribute('aria-label', words);
  made.append(iconNode(icon));
  made.addEventListener('click', () => {
    act();
    made.replaceChildren(iconNode('check'));
    setTimeout(() => made.replaceChildren(iconNode(icon)), SAID_MS);
  });
  return made;
}

function open(place: HTMLElement): void {
  const found = placeOf(place.title || (place.textContent ?? ''));
  if (found === undefined) {
    return;
  }
  const button = document.createElement('button');
  button.type = 'button';
  button.className = `${place.className} place-button`;
  button.title = `Open ${found.path}`;
  button.append(...place.childNodes);
  button.addEventListener('click', () => post({ type: 'showFile', path: found.path, line: found.line }));
  place.replaceWith(button);
}

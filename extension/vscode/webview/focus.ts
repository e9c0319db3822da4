/** Keeps the focus: where what had it is taken away, the input gets it. */

export const INPUT = 'fimble-input';

export function focusInput(): void {
  document.getElementById(INPUT)?.focus();
}

/** Words stand in the input, and the next key belongs to them. */
export function isTyping(): boolean {
  const active = document.activeElement;
  return active instanceof HTMLTextAreaElement && active.value.trim() !== '';
}

export function keepFocus(root: HTMLElement, fallback: () => void): void {
  let had: Element | undefined;
  root.addEventListener('focusin', (event) => {
    had = event.target instanceof Element ? event.target : undefined;
  });
  new MutationObserver(() => {
    if (had !== undefined && !had.isConnected) {
      had = undefined;
      if (document.activeElement === document.body) {
        fallback();
      }
    }
  }).observe(root, { childList: true, subtree: true });
}

/** Arrow keys, Home and End go through the elements of a list. */
export function onArrows(event: KeyboardEvent, elements: readonly HTMLElement[]): void {
  const at = elements.findIndex((element) => element === document.activeElement);
  const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: elements.length - 1 };
  const next = elements[to[event.key] ?? -1];
  if (next !== undefined) {
    event.preventDefault();
    next.focus();
  }
}

/** The list of mentions beside what is typed. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Mention } from '../../src/chat/protocol';
import { post } from '../host';
import { typedAt, type Typed } from '../mention';
import type { View } from '../view';

/** After a key, so long is waited for the next one. */
const PAUSE_MS = 80;

export interface Mentions {
  /** Empty: there is no list. */
  readonly items: readonly Mention[];
  readonly active: number;
  readonly typed: Typed | undefined;
  /** The text or the caret is another. */
  look(text: string, caret: number): void;
  move(by: number): void;
  close(): void;
}

export function useMentions(answer: View['mentions']): Mentions {
  const [typed, setTyped] = useState<Typed | undefined>(undefined);
  const [items, setItems] = useState<readonly Mention[]>([]);
  const [active, setActive] = useState(0);
  const request = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    if (answer.request === request.current) {
      setItems(answer.items);
      setActive(0);
    }
  }, [answer]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const turnTo = (now: Typed | undefined): void => {
    setTyped(now);
    clearTimeout(timer.current);
    request.current += 1; // an answer on its way is no longer wanted
    if (now?.start !== typed?.start) {
      setItems([]);
    }
    if (now !== undefined) {
      const ask = { type: 'mentions', request: request.current, text: now.text } as const;
      timer.current = setTimeout(() => post(ask), PAUSE_MS);
    }
  };

  return {
    items: typed === undefined ? [] : items,
    active,
    typed,
    look(text, caret) {
      const now = typedAt(text, caret);
      if (now?.start !== typed?.start || now?.text !== typed?.text) {
        turnTo(now);
      }
    },
    move: (by) => setActive((active + by + items.length) % Math.max(1, items.length)),
    close: () => turnTo(undefined),
  };
}

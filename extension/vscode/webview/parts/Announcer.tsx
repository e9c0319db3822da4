import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import type { Chat } from '../../src/chat/protocol';
import { news } from '../words';

/** Says aloud what has happened, and not each word of an answer. */
export function Announcer({ chat }: { chat: Chat }): VNode {
  const before = useRef(chat);
  const said = useRef('');
  if (before.current !== chat) {
    said.current = news(before.current, chat) || said.current;
    before.current = chat;
  }
  return (
    <div class="hidden" role="status" aria-live="polite">
      {said.current}
    </div>
  );
}

import type { VNode } from 'preact';
import type { FromView } from '../../src/chat/protocol';
import { post } from '../host';
import { Icon, type IconName } from './icons';

const SUGGESTIONS: readonly { icon: IconName; words: string; says: FromView }[] = [
  { icon: 'read', words: 'Explain the open file', says: { type: 'explainFile' } },
  {
    icon: 'execute',
    words: 'Find and fix failing tests',
    says: { type: 'prompt', text: 'Run the tests. Find out why some fail, and fix it.' },
  },
  {
    icon: 'search',
    words: 'Look for bugs in my changes',
    says: { type: 'prompt', text: 'What may be wrong with these changes? @diff' },
  },
];

/** Before the first message. */
export function Empty(): VNode {
  return (
    <section class="empty" aria-label="Suggestions">
      <Icon name="spark" />
      <h2>Ask Fimble</h2>
      <p class="dim">It reads your project, edits files and runs commands, on your own machine. You are asked first.</p>
      <ul>
        {SUGGESTIONS.map(({ icon, words, says }) => (
          <li>
            <button type="button" class="suggestion" onClick={() => post(says)}>
              <Icon name={icon} />
              {words}
            </button>
          </li>
        ))}
      </ul>
      <p class="dim">Type @ to name a file or a symbol.</p>
    </section>
  );
}

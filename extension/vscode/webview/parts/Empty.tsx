import type { VNode } from 'preact';
import { Icon, type IconName } from './icons';

const SUGGESTIONS: readonly { icon: IconName; words: string; prompt: string }[] = [
  { icon: 'read', words: 'Explain the open file', prompt: 'Explain the file that is open: what it is for, and how it works.' },
  { icon: 'execute', words: 'Find and fix failing tests', prompt: 'Run the tests. Find out why some fail, and fix it.' },
  { icon: 'search', words: 'Look for bugs in my changes', prompt: 'Look at my uncommitted changes, and tell me what may be wrong with them.' },
];

/** Before the first message. */
export function Empty({ onSuggest }: { onSuggest: (prompt: string) => void }): VNode {
  return (
    <section class="empty" aria-label="Suggestions">
      <Icon name="spark" />
      <h2>Ask Fimble</h2>
      <p class="dim">It reads your project, edits files and runs commands, on your own machine. You are asked first.</p>
      <ul>
        {SUGGESTIONS.map(({ icon, words, prompt }) => (
          <li>
            <button type="button" class="suggestion" onClick={() => onSuggest(prompt)}>
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

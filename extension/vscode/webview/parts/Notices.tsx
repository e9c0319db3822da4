import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { ViewTrouble } from '../../src/chat/protocol';
import { post } from '../host';
import { memo } from '../memo';
import { clip } from '../words';
import { IconButton } from './buttons';
import { Icon } from './icons';

interface Props {
  readonly notes: readonly string[];
  /** The last of them is answered by trust. */
  readonly trust: boolean;
}

/** Sentences of the server; each can be put away. */
export const Notes = memo(({ notes, trust }: Props): VNode | null => {
  const [away, putAway] = useState<readonly string[]>([]);
  const left = notes.filter((note) => !away.includes(note));
  if (left.length === 0) {
    return null;
  }
  return (
    <section class="notes" aria-label="Notes">
      {left.map((note) => (
        <div class="note" key={note}>
          <p dir="auto">{clip(note)}</p>
          {trust && note === notes.at(-1) && (
            <button type="button" class="secondary small" onClick={() => post({ type: 'trust' })}>
              Trust this folder
            </button>
          )}
          <IconButton icon="cross" label="Dismiss this note" onClick={() => putAway([...away, note])} />
        </div>
      ))}
    </section>
  );
});

/** What keeps the chat from working, and what can be done about it. */
export const Trouble = memo(({ trouble }: { trouble: ViewTrouble }): VNode => (
  <section class="trouble" role="alert">
    <Icon name="warning" />
    <div>
      <p dir="auto">{clip(trouble.sentence)}</p>
      <div class="remedies">
        {trouble.remedies.map(({ title, command }, index) => (
          <button type="button" class={index === 0 ? 'primary' : 'secondary'} onClick={() => post({ type: 'command', command })}>
            {clip(title)}
          </button>
        ))}
      </div>
    </div>
  </section>
));

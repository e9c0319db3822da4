import type { VNode } from 'preact';
import type { FileChange, Turn, TurnEnd } from '../../src/chat/protocol';
import { focusInput } from '../focus';
import { post } from '../host';
import { answerOf, clip, endWords, openChanges } from '../words';
import { IconButton } from './buttons';
import { Counts } from './DiffView';
import { Icon } from './icons';

interface Props {
  readonly turn: Turn;
  readonly end: TurnEnd;
  readonly isLast: boolean;
  readonly isIdle: boolean;
}

/** How a turn ended, the files that it changed, and what can be done now. */
export function TurnEndView({ turn, end, isLast, isIdle }: Props): VNode {
  const words = endWords(end);
  const answer = answerOf(turn);
  return (
    <footer class="turn-end">
      {words !== '' && (
        <p class={end.problem === '' ? 'ended' : 'ended problem'}>
          <Icon name={end.problem === '' ? 'stop' : 'warning'} />
          <span dir="auto">{clip(words)}</span>
        </p>
      )}
      {turn.changes.length > 0 && <Changes turn={turn} isIdle={isIdle} />}
      <div class="turn-actions">
        {answer !== '' && <IconButton icon="copy" label="Copy the answer" onClick={() => post({ type: 'copy', text: answer })} />}
        {isLast && isIdle && turn.number > 0 && (
          <IconButton
            icon="retry"
            label="Try again"
            onClick={() => {
              post({ type: 'retry' });
              focusInput();
            }}
          />
        )}
      </div>
    </footer>
  );
}

function Changes({ turn, isIdle }: { turn: Turn; isIdle: boolean }): VNode {
  const { changes, number } = turn;
  const open = openChanges(changes);
  const sum = (of: 'added' | 'removed'): number => changes.reduce((total, change) => total + change[of], 0);
  const files = changes.length === 1 ? '1 file changed' : `${changes.length} files changed`;
  const canUndo = isIdle && changes.some((change) => change.state !== 'undone');
  return (
    <section class="changes" aria-label={files}>
      <div class="changes-head">
        <span class="changes-title">{files}</span>
        <Counts added={sum('added')} removed={sum('removed')} />
        <span class="changes-all">
          {open.length > 0 && (
            <button type="button" class="secondary small" onClick={() => post({ type: 'keep', turn: number, path: undefined })}>
              Keep all
            </button>
          )}
          {canUndo && (
            <button type="button" class="secondary small" onClick={() => post({ type: 'undo', turn: number, path: undefined })}>
              Undo turn
            </button>
          )}
        </span>
      </div>
      <ul>
        {changes.map((change) => (
          <Change key={change.path} change={change} turn={number} isIdle={isIdle} />
        ))}
      </ul>
    </section>
  );
}

function Change({ change, turn, isIdle }: { change: FileChange; turn: number; isIdle: boolean }): VNode {
  const { path, added, removed, state } = change;
  const label = clip(change.label);
  return (
    <li class={`change ${state}`}>
      <button type="button" class="change-name" title={`Review ${label}`} onClick={() => post({ type: 'review', turn, path })}>
        <span class="path">{label}</span>
      </button>
      <Counts added={added} removed={removed} />
      {state !== 'open' && <span class="tag">{state}</span>}
      <span class="change-actions">
        <IconButton icon="diff" label={`Review ${label}`} onClick={() => post({ type: 'review', turn, path })} />
        {state === 'open' && <IconButton icon="check" label={`Keep ${label}`} onClick={() => post({ type: 'keep', turn, path })} />}
        {state !== 'undone' && isIdle && (
          <IconButton icon="undo" label={`Undo ${label}`} onClick={() => post({ type: 'undo', turn, path })} />
        )}
      </span>
    </li>
  );
}

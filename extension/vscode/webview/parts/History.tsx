import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Session } from '../../src/chat/protocol';
import { onArrows } from '../focus';
import { post } from '../host';
import { clip, when } from '../words';
import { IconButton } from './buttons';

interface Props {
  readonly sessions: readonly Session[] | undefined;
  /** Of the session that is shown. */
  readonly shown: string | undefined;
  readonly onClose: () => void;
}

/** Earlier chats, the latest first. */
export function History({ sessions, shown, onClose }: Props): VNode {
  const [doomed, doom] = useState<string | undefined>(undefined);
  const list = useRef<HTMLUListElement>(null);
  const isKnown = sessions !== undefined;
  useEffect(() => list.current?.querySelector<HTMLElement>('.session-name')?.focus(), [isKnown]);

  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault();
      if (doomed === undefined) {
        onClose();
      } else {
        doom(undefined);
      }
    } else {
      onArrows(event, [...(list.current?.querySelectorAll<HTMLElement>('.session-name') ?? [])]);
    }
  };

  return (
    <main class="history" aria-label="Earlier chats" onKeyDown={onKey}>
      {sessions === undefined && <p class="hint">Looking for them…</p>}
      {sessions?.length === 0 && <p class="hint">There are no earlier chats.</p>}
      <ul ref={list}>
        {sessions?.map((session) => (
          <li key={session.id} class={session.id === shown ? 'session shown' : 'session'}>
            <button
              type="button"
              class="session-name"
              aria-current={session.id === shown ? 'true' : undefined}
              onClick={() => {
                post({ type: 'open', session: session.id });
                onClose();
              }}
              onKeyDown={(event) => event.key === 'Delete' && doom(session.id)}
            >
              <span class="session-title" dir="auto">
                {clip(session.title) || 'Without a title'}
              </span>
              <span class="dim">{when(session.updatedAt, Date.now())}</span>
            </button>
            {doomed === session.id ? (
              <Confirm
                onYes={() => {
                  doom(undefined);
                  post({ type: 'delete', session: session.id });
                }}
                onNo={() => doom(undefined)}
              />
            ) : (
              <IconButton icon="trash" label={`Delete ${clip(session.title) || 'this chat'}`} onClick={() => doom(session.id)} />
            )}
          </li>
        ))}
      </ul>
    </main>
  );
}

function Confirm({ onYes, onNo }: { onYes: () => void; onNo: () => void }): VNode {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => place.current?.querySelector<HTMLElement>('.secondary')?.focus(), []);
  return (
    <span class="confirm" role="group" aria-label="Delete this chat for good?" ref={place}>
      <button type="button" class="primary small" onClick={onYes}>
        Delete
      </button>
      <button type="button" class="secondary small" onClick={onNo}>
        Keep
      </button>
    </span>
  );
}

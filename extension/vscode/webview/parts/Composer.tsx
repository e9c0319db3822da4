import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Mention } from '../../src/chat/protocol';
import { INPUT } from '../focus';
import { keepDraft, keptDraft, post } from '../host';
import { withMention } from '../mention';
import type { View } from '../view';
import { openAsks } from '../words';
import { Icon } from './icons';
import { MentionList, MENTIONS, optionId } from './MentionList';
import { Toolbar } from './Toolbar';
import { useMentions } from './useMentions';

const ASKED = 'The question above waits for your answer.';

/** The input, with what belongs to the next message. */
export function Composer({ view }: { view: View }): VNode {
  const { chat } = view;
  const [text, setText] = useState(keptDraft);
  const [hint, setHint] = useState('');
  const input = useRef<HTMLTextAreaElement>(null);
  const caret = useRef<number>(undefined);
  const mentions = useMentions(view.mentions);
  const isOpen = mentions.items.length > 0;

  const write = (now: string, at = now.length): void => {
    caret.current = now === text ? undefined : at; // the same text is not drawn again
    setText(now);
    setHint('');
    keepDraft(now);
  };

  useLayoutEffect(() => {
    if (caret.current !== undefined) {
      input.current?.setSelectionRange(caret.current, caret.current);
      caret.current = undefined;
    }
  }, [text]);
  useEffect(() => {
    if (view.compose !== undefined) {
      if (view.compose.text !== undefined) {
        write(view.compose.text);
      }
      input.current?.focus();
    }
  }, [view.compose]);

  const send = (): void => {
    const why = whyNot(view, text);
    if (why !== '') {
      setHint(why);
    } else if (text.trim() !== '') {
      post({ type: 'prompt', text: text.trim() });
      write('');
      mentions.close();
    }
    input.current?.focus();
  };

  const choose = (mention: Mention | undefined): void => {
    if (mention !== undefined && mentions.typed !== undefined) {
      const next = withMention(text, mentions.typed, mention.mention);
      mentions.close();
      write(next.text, next.caret);
    }
  };

  const onListKey = (event: KeyboardEvent): boolean => {
    switch (event.key) {
      case 'ArrowDown':
        mentions.move(1);
        return true;
      case 'ArrowUp':
        mentions.move(-1);
        return true;
      case 'Enter':
      case 'Tab':
        choose(mentions.items[mentions.active]);
        return true;
      case 'Escape':
        mentions.close();
        return true;
      default:
        return false;
    }
  };

  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) {
      return;
    }
    const isPlain = !(event.shiftKey || event.ctrlKey || event.altKey || event.metaKey);
    if (isOpen && isPlain && onListKey(event)) {
      event.preventDefault();
    } else if (event.key === 'Enter' && isPlain) {
      event.preventDefault();
      send();
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && text.trim() !== '' && asks(view)) {
      event.preventDefault(); // who is writing a message means that, and does not allow anything
      setHint(ASKED);
    } else if (event.key === 'Escape' && chat.isRunning) {
      event.preventDefault();
      post({ type: 'stop' });
    } else if (event.key === 'ArrowUp' && text === '') {
      const last = chat.turns.findLast((turn) => turn.number > 0);
      if (last !== undefined) {
        event.preventDefault();
        write(last.prompt);
      }
    }
  };

  const why = chat.trouble === undefined ? '' : 'You can’t send a message now. The reason is above.';
  return (
    <form class="composer" aria-label="Message" onSubmit={(event) => event.preventDefault()}>
      {isOpen && <MentionList items={mentions.items} active={mentions.active} onChoose={choose} />}
      <div class="composer-box">
        <textarea
          id={INPUT}
          ref={input}
          rows={1}
          value={text}
          dir="auto"
          spellcheck={false}
          placeholder={chat.turns.length === 0 ? 'Ask, or say what to do' : 'Say what comes next'}
          aria-label="Message to Fimble"
          aria-describedby="composer-hint"
          aria-haspopup="listbox"
          aria-autocomplete="list"
          aria-controls={isOpen ? MENTIONS : undefined}
          aria-activedescendant={isOpen ? optionId(mentions.active) : undefined}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            setHint('');
            keepDraft(currentTarget.value);
            mentions.look(currentTarget.value, currentTarget.selectionStart);
          }}
          onKeyDown={onKey}
          onKeyUp={({ currentTarget }) => mentions.look(currentTarget.value, currentTarget.selectionStart)}
          onClick={({ currentTarget }) => mentions.look(currentTarget.value, currentTarget.selectionStart)}
          onBlur={() => mentions.close()}
        />
        <div class="composer-bar">
          <Toolbar chat={chat} />
          {chat.isRunning ? (
            <button
              type="button"
              class="send"
              title="Stop (Escape)"
              aria-label="Stop"
              onClick={() => {
                post({ type: 'stop' });
                input.current?.focus();
              }}
            >
              <Icon name="stop" />
            </button>
          ) : (
            <button type="button" class="send" title="Send (Enter)" aria-label="Send" aria-disabled={text.trim() === '' || why !== ''} onClick={send}>
              <Icon name="send" />
            </button>
          )}
        </div>
      </div>
      <p class="hint composer-hint" id="composer-hint" aria-live="polite">
        {hint || why}
        {isOpen && <span class="hidden">{`${mentions.items.length} to choose from. Arrow keys choose, Enter takes one.`}</span>}
      </p>
    </form>
  );
}

function asks({ chat }: View): boolean {
  return openAsks(chat).length > 0;
}

/** Why nothing can be sent now; empty if it can. */
function whyNot(view: View, text: string): string {
  const { chat } = view;
  if (chat.trouble !== undefined) {
    return 'You can’t send a message now. The reason is above.';
  }
  if (text.trim() !== '' && asks(view)) {
    return ASKED;
  }
  return chat.isRunning && text.trim() !== '' ? 'Wait for the answer, or stop it first.' : '';
}

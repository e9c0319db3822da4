import type { VNode } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Ask, AskOption } from '../../src/chat/protocol';
import { focusInput, isTyping } from '../focus';
import { post } from '../host';
import { memo } from '../memo';
import { clip } from '../words';
import { Cut, LONGEST } from './Cut';
import { DiffView } from './DiffView';
import { Icon } from './icons';

/** Keys that were meant for something else are not taken as an answer. */
const CALM_MS = 500;

const ANSWERED: Record<AskOption['kind'], string> = {
  allow_once: 'Allowed',
  allow_always: 'Always allowed',
  reject_once: 'Rejected',
  reject_always: 'Always rejected',
};

interface Props {
  readonly ask: Ask;
  /** Its turn runs; else nobody waits for an answer. */
  readonly isLive: boolean;
}

/** What needs the user's permission; later one line that says what the answer was. */
export const AskCard = memo(({ ask, isLive }: Props): VNode => {
  const [chosen, choose] = useState<string | undefined>(undefined);
  const answer = ask.answer === undefined ? chosen : ask.answer;
  if (answer !== undefined || !isLive) {
    return <Answered ask={ask} answer={answer ?? null} />;
  }
  return (
    <OpenCard
      ask={ask}
      onChoose={(option) => {
        choose(option);
        post({ type: 'answer', ask: ask.id, option });
        focusInput();
      }}
    />
  );
});

function Answered({ ask, answer }: { ask: Ask; answer: string | null }): VNode {
  const option = ask.options.find((each) => each.id === answer);
  const isAllowed = option?.kind.startsWith('allow') === true;
  const words = option === undefined ? 'Not answered' : ANSWERED[option.kind];
  return (
    <p class={`answered ${isAllowed ? 'allowed' : 'rejected'}`}>
      <Icon name={isAllowed ? 'check' : 'cross'} />
      <span>
        {words}: {clip(ask.title)}
      </span>
    </p>
  );
}

function OpenCard({ ask, onChoose }: { ask: Ask; onChoose: (option: string) => void }): VNode {
  const card = useRef<HTMLElement>(null);
  const title = useId();
  const about = useId();
  const [reason, ...details] = ask.about.split('\n');
  const detail = details.join('\n').trim();
  const safe = ask.options.find((option) => option.kind === 'reject_once') ?? ask.options.at(-1);
  const { diff } = ask;

  useEffect(() => {
    if (document.hasFocus() && !isTyping()) {
      card.current?.querySelector<HTMLElement>('.safe')?.focus();
    }
    const shown = performance.now();
    const onKey = (event: KeyboardEvent): void => {
      const option = event.defaultPrevented ? undefined : optionOf(event, ask.options, card.current);
      if (option !== undefined && performance.now() - shown > CALM_MS) {
        event.preventDefault();
        onChoose(option.id);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  return (
    <section class="ask" role="alertdialog" aria-modal="false" aria-labelledby={title} aria-describedby={about} ref={card}>
      <div class="ask-head">
        <Icon name="shield" />
        <span>Permission needed</span>
      </div>
      <p class="ask-title" id={title} tabindex={ask.title.length > 400 ? 0 : undefined}>
        {ask.title.slice(0, LONGEST)}
      </p>
      <Cut text={ask.title} />
      <div id={about}>
        {reason !== undefined && reason !== '' && <p class="ask-reason">{reason.slice(0, LONGEST)}</p>}
        {detail !== '' && detail !== diff?.label && (
          <pre class="output" tabindex={0}>
            {detail.slice(0, LONGEST)}
          </pre>
        )}
        <Cut text={ask.about} />
      </div>
      {diff !== undefined && (
        <DiffView diff={diff} onOpen={() => post({ type: 'showDiff', item: ask.id, path: diff.path })} />
      )}
      <div class="ask-buttons">
        {ask.options.map((option, index) => (
          <button
            type="button"
            class={`${option.kind === 'allow_once' ? 'primary' : 'secondary'} ${option === safe ? 'safe' : ''}`}
            aria-keyshortcuts={option.kind === 'allow_once' ? `${index + 1} Control+Enter` : `${index + 1}`}
            onClick={() => onChoose(option.id)}
          >
            {clip(option.name)}
            <kbd aria-hidden="true">{index + 1}</kbd>
          </button>
        ))}
      </div>
      <p class="hint">Press a number here, or Ctrl+Enter to allow it once.</p>
    </section>
  );
}

/** The option that a key chooses: its number inside the card, Ctrl+Enter (on a Mac Cmd) for once. */
function optionOf(event: KeyboardEvent, options: readonly AskOption[], card: HTMLElement | null): AskOption | undefined {
  if (event.repeat || event.altKey || event.shiftKey) {
    return undefined;
  }
  if (event.ctrlKey || event.metaKey) {
    return event.key === 'Enter' ? options.find((option) => option.kind === 'allow_once') : undefined;
  }
  const isInside = event.target instanceof Node && card?.contains(event.target) === true;
  return isInside && /^[1-9]$/.test(event.key) ? options[Number(event.key) - 1] : undefined;
}

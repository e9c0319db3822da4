import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { Item, PlanStep, Turn } from '../../src/chat/protocol';
import { Markdown } from '../markdown/Markdown';
import { memo } from '../memo';
import { clip } from '../words';
import { AskCard } from './AskCard';
import { CallRow } from './CallRow';
import { Cut, LONGEST } from './Cut';
import { Icon } from './icons';
import { TurnEndView } from './TurnEndView';

interface Props {
  readonly turn: Turn;
  readonly isLast: boolean;
  /** Nothing runs, so that it can be said again and undone. */
  readonly isIdle: boolean;
}

/** What was asked, what was answered and done, and how it ended. */
export const TurnView = memo(({ turn, isLast, isIdle }: Props): VNode => {
  const isLive = turn.end === undefined;
  const last = turn.items.length - 1;
  const isWaiting = turn.items.some((item) => item.kind === 'ask' && item.answer === undefined);
  return (
    <article class={`turn ${isLast ? '' : 'past'}`} aria-busy={isLive}>
      {turn.number < 0 ? <h2 class="explained">{clip(turn.prompt)}</h2> : <Prompt text={turn.prompt} />}
      <h2 class="hidden">Fimble’s answer</h2>
      {turn.items.map((item, index) => (
        <ItemView key={index} item={item} isLive={isLive} isLast={index === last} />
      ))}
      {isLive && !isWaiting && <Working last={turn.items[last]} />}
      {turn.end !== undefined && <TurnEndView turn={turn} end={turn.end} isLast={isLast} isIdle={isIdle} />}
    </article>
  );
});

function Prompt({ text }: { text: string }): VNode {
  return (
    <>
      <h2 class="hidden">You</h2>
      <div class="prompt" dir="auto">
        {text.slice(0, LONGEST)}
        <Cut text={text} />
      </div>
    </>
  );
}

function ItemView({ item, isLive, isLast }: { item: Item; isLive: boolean; isLast: boolean }): VNode {
  switch (item.kind) {
    case 'text':
      return <Markdown text={item.text} isLive={isLive && isLast} />;
    case 'thought':
      return <Thought text={item.text} isLive={isLive && isLast} />;
    case 'plan':
      return <Plan steps={item.steps} />;
    case 'call':
      return <CallRow call={item} />;
    case 'ask':
      return <AskCard key={item.id} ask={item} isLive={isLive} />;
  }
}

function Thought({ text, isLive }: { text: string; isLive: boolean }): VNode {
  const [isOpen, open] = useState(false);
  return (
    <details class="thought" open={isOpen} onToggle={(event) => open(event.currentTarget.open)}>
      <summary>
        <Icon name="chevron" />
        {isLive ? 'Thinking…' : 'Reasoning'}
      </summary>
      {isOpen && <Markdown text={text} isLive={isLive} />}
    </details>
  );
}

const STEP = {
  pending: { icon: 'pending', words: 'to do' },
  in_progress: { icon: 'running', words: 'in progress' },
  completed: { icon: 'done', words: 'done' },
} as const;

const Plan = memo(({ steps }: { steps: readonly PlanStep[] }): VNode => {
  const done = steps.filter((step) => step.status === 'completed').length;
  return (
    <section class="plan" aria-label="Plan">
      <p class="plan-head">
        Plan <span class="dim">{`${done} of ${steps.length} done`}</span>
      </p>
      <ol>
        {steps.map(({ content, status }) => (
          <li class={status}>
            <Icon name={STEP[status].icon} />
            <span dir="auto">
              {clip(content)} <span class="hidden">({STEP[status].words})</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
});

/** That something happens, where nothing else says so. */
function Working({ last }: { last: Item | undefined }): VNode | null {
  if (last?.kind === 'text' || (last?.kind === 'call' && last.status === 'in_progress')) {
    return null;
  }
  return (
    <p class="working">
      <Icon name="running" />
      {last === undefined ? 'Reading…' : 'Working…'}
    </p>
  );
}

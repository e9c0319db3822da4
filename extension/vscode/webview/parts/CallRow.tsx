import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Call } from '../../src/chat/protocol';
import { post } from '../host';
import { memo } from '../memo';
import { clip, reasonOf, STATUS } from '../words';
import { Counts, DiffView, linesFor } from './DiffView';
import { Icon, type IconName } from './icons';

/** Of an output so much of its end is shown. */
const SHOWN = 8_000;
/** A diff with more lines is shown when it is asked for. */
const SMALL = 16;

const ICONS: Record<Call['status'], IconName> = {
  pending: 'pending',
  in_progress: 'running',
  completed: 'done',
  failed: 'failed',
};

/** A tool that was called: a row, with its output and diffs below it. */
export const CallRow = memo(({ call }: { call: Call }): VNode => {
  const [chosen, choose] = useState<boolean | undefined>(undefined);
  const hasMore = call.text !== '' || call.diffs.length > 0 || call.locations.length > 0;
  const isOpen = hasMore && (chosen ?? opensByItself(call));
  const reason = isOpen ? '' : reasonOf(call);
  return (
    <section class={`call ${call.status}`} aria-label={`${clip(call.title)}: ${STATUS[call.status]}`}>
      <button type="button" class="call-row" aria-expanded={hasMore ? isOpen : undefined} onClick={() => choose(!isOpen)}>
        <Icon name={call.tool} />
        <span class="call-title">
          {clip(call.title) || call.tool}
        </span>
        <Sums call={call} />
        <span class="call-status" title={STATUS[call.status]}>
          <Icon name={ICONS[call.status]} />
          <span class="hidden">{STATUS[call.status]}</span>
        </span>
      </button>
      {reason !== '' && (
        <p class="call-reason" dir="auto">
          {reason}
        </p>
      )}
      {isOpen && <Details call={call} />}
    </section>
  );
});

function opensByItself(call: Call): boolean {
  const isLive = call.status === 'in_progress' && call.text !== '';
  const [diff] = call.diffs;
  return isLive || (call.diffs.length === 1 && diff !== undefined && linesFor(diff).lines.length <= SMALL);
}

function Sums({ call }: { call: Call }): VNode | null {
  if (call.diffs.length === 0) {
    return null;
  }
  const lines = call.diffs.map(linesFor);
  const sum = (of: 'added' | 'removed'): number => lines.reduce((total, each) => total + each[of], 0);
  return <Counts added={sum('added')} removed={sum('removed')} />;
}

function Details({ call }: { call: Call }): VNode {
  const places = call.diffs.length > 0 ? [] : call.locations.slice(0, 20);
  return (
    <div class="call-details">
      {places.map(({ path, line }) => (
        <button type="button" class="link-button path" title={clip(path)} onClick={() => post({ type: 'showFile', path, line })}>
          Open {clip(nameOf(path))}
          {line === undefined ? '' : `:${line}`}
        </button>
      ))}
      {call.diffs.map((diff) => (
        <DiffView diff={diff} onOpen={() => post({ type: 'showDiff', item: call.id, path: diff.path })} />
      ))}
      {saysMore(call) && <Output text={call.text} isLive={call.status === 'in_progress'} />}
    </div>
  );
}

/** That an edit has been made is seen by its diff. */
function saysMore({ text, diffs, status }: Call): boolean {
  const isSaid = diffs.length > 0 && status === 'completed' && !text.trim().includes('\n');
  return text !== '' && !isSaid;
}

function Output({ text, isLive }: { text: string; isLive: boolean }): VNode {
  const place = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    if (isLive && follows.current && place.current !== null) {
      place.current.scrollTop = place.current.scrollHeight;
    }
  }, [text, isLive]);
  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: { currentTarget: HTMLElement }): void => {
    follows.current = scrollHeight - scrollTop - clientHeight < 8;
  };
  return (
    <>
      {text.length > SHOWN && <p class="hint">Only the end of it is shown.</p>}
      <pre class="output" tabindex={0} ref={place} onScroll={onScroll}>
        {text.slice(-SHOWN)}
      </pre>
    </>
  );
}

function nameOf(path: string): string {
  return path.split(/[\\/]/).at(-1) || path;
}

import type { VNode } from 'preact';
import type { Usage } from '../../src/chat/protocol';
import { percentUsed } from '../words';

const WARN_ABOVE = 80;
const ROUND = 2 * Math.PI * 6;

/** How full the model's window is. */
export function Meter({ usage }: { usage: Usage }): VNode {
  const percent = percentUsed(usage);
  const isFull = percent > WARN_ABOVE;
  const tokens = `${usage.used.toLocaleString('en')} of ${usage.size.toLocaleString('en')} tokens`;
  const words = `${tokens} used${isFull ? '. A new chat has more room.' : ''}`;
  return (
    <span
      class={isFull ? 'meter full' : 'meter'}
      role="meter"
      aria-label="Context"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={words}
      title={`Context: ${words}`}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" class="meter-all" />
        <circle cx="8" cy="8" r="6" class="meter-used" stroke-dasharray={`${(ROUND * percent) / 100} ${ROUND}`} transform="rotate(-90 8 8)" />
      </svg>
      <span aria-hidden="true">{percent}%</span>
    </span>
  );
}

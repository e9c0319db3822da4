import type { VNode } from 'preact';
import { post } from '../host';

/** More characters of one text would make the view slow. */
export const LONGEST = 100_000;

/** Says what of a long text is not shown. */
export function Cut({ text }: { text: string }): VNode | null {
  if (text.length <= LONGEST) {
    return null;
  }
  const left = (text.length - LONGEST).toLocaleString('en');
  return (
    <p class="hint">
      {left} more characters are not shown.{' '}
      <button type="button" class="link-button" onClick={() => post({ type: 'copy', text })}>
        Copy all
      </button>
    </p>
  );
}

/** What the view tells the extension, and what it keeps while it is hidden. */

import type { FromView } from '../src/chat/protocol';

interface Api {
  postMessage(message: FromView): void;
  getState(): Kept | undefined;
  setState(kept: Kept): void;
}

interface Kept {
  readonly draft: string;
}

declare function acquireVsCodeApi(): Api;

const api = acquireVsCodeApi();

export function post(message: FromView): void {
  api.postMessage(message);
}

/** What was typed and not sent, from before the view was hidden. */
export function keptDraft(): string {
  return api.getState()?.draft ?? '';
}

export function keepDraft(draft: string): void {
  api.setState({ draft });
}

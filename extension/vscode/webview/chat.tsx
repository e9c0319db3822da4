/** The chat view: draws what the extension tells, and tells it what the user does. */

import { render } from 'preact';
import type { ToView } from '../src/chat/protocol';
import './chat.css';
import { focusInput, keepFocus } from './focus';
import { post } from './host';
import { paced } from './pace';
import { App } from './parts/App';
import { HISTORY_BUTTON } from './parts/Header';
import { EMPTY_VIEW, told } from './view';

const root = document.createElement('div');
root.id = 'fimble-chat';
document.body.append(root);

let view = EMPTY_VIEW;
const draw = paced(() => render(<App view={view} />, root));

window.addEventListener('message', ({ data }: MessageEvent<ToView>) => {
  view = told(view, data);
  draw();
});
keepFocus(root, () => {
  focusInput();
  if (document.activeElement === document.body) {
    root.querySelector<HTMLElement>(`.${HISTORY_BUTTON}`)?.focus();
  }
});
draw();
post({ type: 'ready' });

import type { VNode } from 'preact';
import type { Chat } from '../../src/chat/protocol';
import { post } from '../host';
import { memo } from '../memo';
import { clip } from '../words';
import { Meter } from './Meter';

/** Below the input: what is done without asking, the model, and how full its window is. */
export const Toolbar = memo(({ chat }: { chat: Chat }): VNode => {
  const model = clip(chat.model);
  const mode = chat.modes.find((each) => each.id === chat.mode);
  return (
    <>
      {chat.modes.length > 0 && (
        <select
          class="mode"
          aria-label="Mode"
          title={mode === undefined ? 'Mode' : clip(`${mode.name}: ${mode.description}`)}
          value={chat.mode}
          onChange={({ currentTarget }) => post({ type: 'mode', mode: currentTarget.value })}
        >
          {chat.modes.map(({ id, name, description }) => (
            <option key={id} value={id} title={clip(description)}>
              {clip(name)}
            </option>
          ))}
        </select>
      )}
      <button
        type="button"
        class="model"
        title={`Model: ${model || 'none'}. Click to switch.`}
        aria-label={`Model: ${model || 'none'}. Switch model`}
        onClick={() => post({ type: 'command', command: 'fimble.switchModel' })}
      >
        {model || 'Choose a model'}
      </button>
      {chat.usage !== undefined && <Meter usage={chat.usage} />}
    </>
  );
});

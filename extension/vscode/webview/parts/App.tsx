import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { lastTurn } from '../../src/chat/turns';
import { focusInput } from '../focus';
import { post } from '../host';
import type { View } from '../view';
import { Announcer } from './Announcer';
import { Composer } from './Composer';
import { Empty } from './Empty';
import { Header } from './Header';
import { History } from './History';
import { Notes, Trouble } from './Notices';
import { Scroll } from './Scroll';
import { TurnView } from './TurnView';

export function App({ view }: { view: View }): VNode {
  const [isHistory, setHistory] = useState(false);
  const { chat } = view;
  const last = lastTurn(chat); // an explanation may stand below
  const isIdle = !chat.isRunning && chat.trouble === undefined;
  const isWaited = useRef(false);
  const known = useRef(view.sessions);
  useEffect(() => {
    if (known.current !== view.sessions) {
      // They may be shown by a command of the editor; what comes too late is not.
      known.current = view.sessions;
      setHistory((isShown) => isShown || !isWaited.current);
      isWaited.current = false;
    }
  }, [view.sessions]);
  const close = (): void => {
    setHistory(false);
    setTimeout(focusInput); // it has to be there again
  };
  return (
    <>
      <Header
        title={chat.title}
        isHistory={isHistory}
        onNew={() => {
          post({ type: 'newChat' });
          close();
        }}
        onHistory={() => {
          if (isHistory) {
            close();
          } else {
            isWaited.current = true;
            post({ type: 'sessions' });
            setHistory(true);
          }
        }}
      />
      {isHistory && <History sessions={view.sessions} shown={chat.session} onClose={close} />}
      <div class="chat" hidden={isHistory}>
        <Scroll key={chat.session} turns={chat.turns.length}>
          {chat.turns.length === 0 && chat.trouble === undefined && <Empty />}
          {chat.turns.map((turn, index) => (
            <TurnView key={index} turn={turn} isLast={turn === last || index === chat.turns.length - 1} isIdle={isIdle} />
          ))}
        </Scroll>
        <Notes notes={chat.notes} trust={chat.trust} />
        {chat.trouble !== undefined && <Trouble trouble={chat.trouble} />}
        <Composer view={view} />
      </div>
      <Announcer chat={chat} />
    </>
  );
}

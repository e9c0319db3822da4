/** How the engines do, as the server's `fimble/health` tells of them, in words. */

export type Role = 'fim' | 'chat';

/** An engine in one of its roles. */
export interface Engine {
  readonly role: Role;
  /** What the user calls it. */
  readonly name: string;
  readonly state: 'unused' | 'ready' | 'down';
  /** Why it is down. */
  readonly message: string;
  /** Requests. */
  readonly answered: number;
  readonly failed: number;
  /** What the latest answer took to begin. */
  readonly firstWordMs: number | null;
}

export interface Shown {
  readonly label: string;
  readonly description: string;
  readonly detail?: string;
}

export const ROLES: Record<Role, string> = { fim: 'completions', chat: 'chat' };

const STATES: Record<Engine['state'], { icon: string; words: string }> = {
  ready: { icon: 'check', words: 'ready' },
  down: { icon: 'circle-slash', words: 'down' },
  unused: { icon: 'circle-outline', words: 'not asked yet' },
};

/** How it is shown in a list. */
export function described(engine: Engine): Shown {
  const { icon, words } = STATES[engine.state];
  const shown = {
    label: `$(${icon}) ${engine.name}`,
    description: [ROLES[engine.role], words, ...latency(engine), requests(engine)].join(' · '),
  };
  return engine.message === '' ? shown : { ...shown, detail: engine.message };
}

function latency({ state, firstWordMs }: Engine): string[] {
  if (state !== 'ready' || firstWordMs === null) {
    return []; // what it took before it went down is no news
  }
  const time = firstWordMs < 1000 ? `${Math.round(firstWordMs)} ms` : `${(firstWordMs / 1000).toFixed(1)} s`;
  return [`first word after ${time}`];
}

function requests({ answered, failed }: Engine): string {
  return answered + failed === 0 ? 'no requests' : `${answered} answered, ${failed} failed`;
}

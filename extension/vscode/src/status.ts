/** What the status bar says. */

/** Parameters of the server's `fimble/status`. */
export interface ServerStatus {
  readonly state: 'stopped' | 'loading' | 'ready' | 'failed';
  readonly message: string;
  /** 0 to 1. */
  readonly fraction?: number;
  /** Of a failure: the server's name for it. */
  readonly error?: string;
  readonly latencyMs?: { readonly p50: number; readonly p95: number };
  /** Part of the answers that needed no request of their own. */
  readonly reuseRate?: number | null;
}

/** What is known of the server; `missing`: there is none. */
export type Server =
  | { readonly state: 'missing' | 'starting' | 'stopped' | 'crashed'; readonly message: string }
  | ServerStatus;

export interface Situation {
  readonly server: Server;
  readonly model: string;
  /** Milliseconds of the snooze that are left; 0: none. */
  readonly snoozeMs: number;
  /** Name of the language that is shown, if suggestions are off in it. */
  readonly languageOff: string | undefined;
  /** Suggestions while typing. */
  readonly automatic: boolean;
}

export interface Shown {
  readonly text: string;
  readonly tooltip: string;
  readonly severity: 'none' | 'warning' | 'error';
}

export function present(situation: Situation): Shown {
  const { server } = situation;
  const tooltip = [server.message, ...figures(server), 'Click for what can be done.'].join('\n\n');
  const shown = (text: string, severity: Shown['severity'] = 'none'): Shown => ({ text, tooltip, severity });
  switch (server.state) {
    case 'missing':
      return shown('$(warning) Fimble: set up', 'warning');
    case 'crashed':
    case 'failed':
      return shown('$(error) Fimble', 'error');
    case 'stopped':
      return shown('$(circle-slash) Fimble');
    case 'starting':
      return shown('$(loading~spin) Fimble');
    case 'loading':
      return shown(`$(loading~spin) ${situation.model}${percent(server)}`);
    case 'ready':
      return shown(ready(situation, server));
  }
}

/** Minutes, rounded up, so that the last one is not called 0. */
export function minutes(milliseconds: number): number {
  return Math.ceil(milliseconds / 60_000);
}

function ready(situation: Situation, status: Server): string {
  if (situation.snoozeMs > 0) {
    return `$(bell-slash) ${situation.model} · ${minutes(situation.snoozeMs)} min`;
  }
  if (situation.languageOff !== undefined) {
    return `$(circle-slash) ${situation.model} · off for ${situation.languageOff}`;
  }
  if (!situation.automatic) {
    return `$(circle-slash) ${situation.model} · on request`;
  }
  const latency = 'latencyMs' in status ? status.latencyMs : undefined;
  return `$(sparkle) ${situation.model}${latency ? ` · ${Math.round(latency.p50)} ms` : ''}`;
}

function percent(status: ServerStatus): string {
  return status.fraction === undefined ? '' : ` ${Math.floor(100 * status.fraction)}%`;
}

function figures(status: Server): string[] {
  if (!('latencyMs' in status) || status.latencyMs === undefined) {
    return [];
  }
  const { p50, p95 } = status.latencyMs;
  const lines = [`Half of the answers took at most ${Math.round(p50)} ms, 95% at most ${Math.round(p95)} ms.`];
  if (typeof status.reuseRate === 'number') {
    lines.push(`${Math.round(100 * status.reuseRate)}% were there already.`);
  }
  return lines;
}

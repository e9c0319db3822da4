/** When the view is drawn anew. */

/** Of the time, drawing takes no more than one part in so many. */
const SHARE = 4;
/** Drawing that is quicker may happen in each frame. */
const FREE_MS = 8;
/** A chat that is opened may take long; what comes next does not wait for that. */
const LONGEST_WAIT_MS = 250;

/**
 * Returns what asks for a drawing. However often it is called, it is drawn once in a frame, and more
 * rarely where that takes long, so that keys and clicks get their turn.
 */
export function paced(draw: () => void): () => void {
  let isAsked = false;
  let notBefore = 0;
  const frame = (): void => {
    isAsked = false;
    const began = performance.now();
    draw();
    const ended = performance.now();
    const took = ended - began;
    notBefore = took > FREE_MS ? ended + Math.min(LONGEST_WAIT_MS, (SHARE - 1) * took) : 0;
  };
  return () => {
    if (isAsked) {
      return;
    }
    isAsked = true;
    const wait = notBefore - performance.now();
    if (wait > 0) {
      setTimeout(() => requestAnimationFrame(frame), wait);
    } else {
      requestAnimationFrame(frame);
    }
  };
}

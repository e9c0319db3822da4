/** A block of code where it comes to stand in a file. Pure. */

const BLANK = /^[^\S\n]*/;

/** Where a block goes. */
export interface Spot {
  /** Of the line in which it begins. */
  readonly line: string;
  /** How much of that line is ahead of it. */
  readonly character: number;
  /** What stands behind it in the line in which it ends. */
  readonly rest: string;
  readonly eol: string;
}

/** The block with the indentation and the line ends of its place. */
export function placed(block: string, { line, character, rest, eol }: Spot): string {
  const lines = outdented(block.split(/\r\n?|\n/));
  const indentation = indentationOf(line);
  const isFirst = character <= indentation.length;
  return lines
    .map((each, index) => {
      if (index === 0) {
        return each === '' || !isFirst ? each : indentation.slice(character) + each;
      }
      if (each === '' && index === lines.length - 1) {
        return isFirst && rest.trim() !== '' ? indentation.slice(0, character) : '';
      }
      return each === '' ? '' : indentation + each;
    })
    .join(eol);
}

/** Without the indentation that all of them have; blank ones are empty. */
function outdented(lines: readonly string[]): string[] {
  const [first = '', ...others] = lines.filter((line) => line.trim() !== '').map(indentationOf);
  const common = others.reduce((all, each) => {
    let same = 0;
    while (same < all.length && all[same] === each[same]) {
      same += 1;
    }
    return all.slice(0, same);
  }, first);
  return lines.map((line) => (line.trim() === '' ? '' : line.slice(common.length)));
}

function indentationOf(line: string): string {
  return BLANK.exec(line)?.[0] ?? '';
}

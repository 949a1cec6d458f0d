/** Owns: the arithmetic of a list with far more rows than a page can be tall. Engines clamp the height of an element,
 * and WebKitGTK paints nothing below 2^24 px, so the spacer stays under 8 million px and a position is a row number with a
 * fraction, not a pixel. Never touches: the DOM, what a row is. */

/** Tallest spacer, in px: half of what WebKitGTK paints. */
export const TALLEST = 8_000_000;
/** Most rows drawn at once. */
export const MOST_DRAWN = 200;

export type Measure = {
  /** Rows in the list. */
  rows: number;
  /** Height of a row in px. */
  row: number;
  /** Height of the part of the window that shows rows, in px. */
  view: number;
  /** Height beyond the rows that the end of the list needs (its separators), in px. */
  extra: number;
  /** How many rows' height a row takes with what stands before and after it; 1 when not given. */
  tall?: (index: number) => number;
};

/** Highest position: there the last row stands at the lower edge. */
export function last(m: Measure): number {
  if (!m.tall) return Math.max(0, m.rows - Math.max(0, m.view - m.extra) / m.row);
  let room = m.view;
  for (let index = m.rows - 1; index >= 0; index -= 1) {
    const height = m.tall(index) * m.row;
    if (room < height) return index + 1 - room / height;
    room -= height;
  }
  return 0;
}

/** Height of what can be scrolled, in px: the list as it is, or the tallest that may be. */
export const height = (m: Measure): number => Math.min(TALLEST, m.rows * m.row + m.extra);

/** Whether the scroll bar is coarser than the rows, so that small moves must be counted in rows. */
export const isScaled = (m: Measure): boolean => m.rows * m.row + m.extra > TALLEST;

/** The position (row number with fraction) at a scroll offset in px. */
export function positionAt(m: Measure, scroll: number): number {
  const room = height(m) - m.view;
  if (room <= 0) return 0;
  return Math.min(1, Math.max(0, scroll / room)) * last(m);
}

/** The scroll offset in px of a position. */
export function scrollOf(m: Measure, position: number): number {
  const end = last(m);
  return end <= 0 ? 0 : (clamp(m, position) / end) * Math.max(0, height(m) - m.view);
}

export const clamp = (m: Measure, position: number): number => Math.min(last(m), Math.max(0, position));

export type Placed = { index: number; y: number; after: boolean };

const none = (): number => 0;

/** Where the rows in sight stand, from the upper edge, in px. `breaks` says whether a separator follows a row, `before` how
 * many lines stand before it. */
export function place(m: Measure, position: number, breaks: (index: number) => boolean, before: (index: number) => number = none): Placed[] {
  const placed: Placed[] = [];
  const tall = (index: number) => (before(index) + (breaks(index) ? 2 : 1)) * m.row;
  let index = Math.min(Math.floor(position), Math.max(0, m.rows - 1));
  let y = m.rows > 0 ? 0 - (position - index) * tall(index) : 0;
  while (index < m.rows && y < m.view && placed.length < MOST_DRAWN) {
    placed.push({ index, y: y + before(index) * m.row, after: breaks(index) });
    y += tall(index);
    index += 1;
  }
  return placed;
}

/** The least move that brings a row wholly into sight. */
export function reveal(m: Measure, position: number, index: number, breaks: (index: number) => boolean, before: (index: number) => number = none): number {
  if (index < position) return clamp(m, index);
  const found = place(m, position, breaks, before).find((one) => one.index === index);
  if (found && found.y >= 0 && found.y + m.row <= m.view) return position;
  let room = Math.max(0, m.view - (before(index) + 1) * m.row);
  let top = index;
  while (top > 0) {
    const tall = (before(top - 1) + (breaks(top - 1) ? 2 : 1)) * m.row;
    if (room < tall) {
      return clamp(m, top - room / tall);
    }
    room -= tall;
    top -= 1;
  }
  return 0;
}

/** Owns: how numbers, sizes, durations, hashes and names are written everywhere. Never touches: times in zones (clock.ts). */

const plain = new Intl.NumberFormat("en-US");

/** `1,204,388` */
export const count = (n: number): string => plain.format(n);

/** `1 event`, `2 events` */
export const counted = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** `842 B`, `412 kB`, `1.01 GB`: decimal units, as drives and exports count. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let n = bytes;
  let unit = "";
  for (unit of ["kB", "MB", "GB", "TB"]) {
    n /= 1000;
    if (n < 999.5) break;
  }
  return `${n < 10 ? n.toFixed(2) : n < 100 ? n.toFixed(1) : n.toFixed(0)} ${unit}`;
}

/** `48 s`, `3 min 20 s`, `2 h 5 min` */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 === 0 ? `${s / 60} min` : `${Math.floor(s / 60)} min ${s % 60} s`;
  const minutes = Math.round(s / 60);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `9b1f 40d2 … 77ce`: enough of a hash to compare by eye. */
export function hash(hex: string): string {
  return hex.length <= 16 ? hex : `${hex.slice(0, 4)} ${hex.slice(4, 8)} … ${hex.slice(-4)}`;
}

/** Cut in the middle, where file names and ids say least. */
export function middle(text: string, most: number): string {
  const chars = [...text];
  if (chars.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${chars.slice(0, head).join("")}…${chars.slice(chars.length - (most - 1 - head)).join("")}`;
}

/** `paymongo-12-nov` from `PayMongo, 12 Nov`: what a case's file will be called. */
export function fileStem(name: string): string {
  return name.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
}

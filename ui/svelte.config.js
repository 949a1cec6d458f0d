/** Runes everywhere; warnings of the compiler (accessibility among them) are errors in `npm run check`. */
export default { compilerOptions: { runes: true } };

/** Owns: the way of a text to the clipboard, also where the engine has no asynchronous clipboard. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.className = "away";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

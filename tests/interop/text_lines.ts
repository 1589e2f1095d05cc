/** Cuts text into lines, without their ends; what follows the last end is dropped. */
export class TextLineStream extends TransformStream<string, string> {
  /** Begins with an empty line. */
  constructor() {
    let rest = "";
    super({
      transform(text, controller) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line);
      },
    });
  }
}

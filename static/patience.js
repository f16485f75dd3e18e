// A server without a free place says when to come back; the page does so by itself.

const TRIES = 4;
const LONGEST = 5;

/** Fetch; where the answer asks to come back within LONGEST seconds, do, TRIES times in all. */
export async function patientFetch(url, options = {}) {
  for (let left = TRIES - 1; ; left--) {
    const answer = await fetch(url, options);
    const pause = Number(answer.headers.get("Retry-After"));
    if (!pause || pause > LONGEST || left === 0) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1000 * pause * (0.5 + Math.random())));
    options.signal?.throwIfAborted();
  }
}

// Beeps and spoken words, both off until they are asked for: a browser gives no sound before a tap.
const TONES = {
  count: [[880, 0.12]], hold: [[660, 0.1]], hold_left: [[520, 0.06]], hold_over: [[990, 0.1], [1320, 0.22]],
  lead_in_left: [[520, 0.08]], go: [[1040, 0.3]], set_over: [[784, 0.12], [988, 0.12], [1175, 0.25]],
  rest_left: [[520, 0.06]], stop: [[330, 0.4]], safety: [[330, 0.3], [330, 0.3]], sensor_lost: [[220, 0.3], [196, 0.5]],
  sensor_back: [[660, 0.1], [880, 0.1]],
};
let sound = null;
let speech = false;

export function setSound() {
  if (sound) { sound.close(); sound = null; return "false"; }
  sound = new AudioContext();
  play("count");
  return "true";
}

export function setSpeech() {
  speech = !speech && "speechSynthesis" in window;
  if (!speech) window.speechSynthesis?.cancel();
  return `${speech}`;
}

export function play(kind) {
  if (!sound || !TONES[kind]) return;
  let at = sound.currentTime;
  for (const [pitch, lasts] of TONES[kind]) {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.25, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + lasts);
    tone.connect(volume).connect(sound.destination);
    tone.start(at);
    tone.stop(at + lasts);
    at += lasts + 0.04;
  }
}

export function sayWords(words, language) {
  if (!speech || !words) return;
  const spoken = new SpeechSynthesisUtterance(words);
  spoken.lang = language === "de" ? "de-DE" : "en-GB";
  window.speechSynthesis.speak(spoken);
}

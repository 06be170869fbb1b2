// The picture of a call, and what the native player does not have: skipping, speed, and a
// list of gaps that seeks. The picture is decoration; everything it shows is also in words.
import WaveSurfer from 'wavesurfer.js'
import Regions from 'wavesurfer.js/dist/plugins/regions.esm.js'

const colours = [
  { waveColor: '#1d70b8', progressColor: '#0f385c' },
  { waveColor: '#0f7a52', progressColor: '#083d29' },
]
const quietest = 0.08 // a call of silence is not blown up into noise

export async function makePlayer(holder) {
  const audio = document.querySelector('audio[data-player]')
  if (audio) {
    controls(audio)
    seekers(audio)
  }
  const answer = await fetch(holder.dataset.peaks)
  if (!answer.ok) return
  const picture = await answer.json()
  holder.closest('[data-picture]').hidden = false
  draw(holder, audio, picture)
}

function draw(holder, audio, { duration, legs, gaps }) {
  const loudest = Math.max(quietest, ...legs.map((leg) => Math.max(0, ...leg) / 255))
  const regions = Regions.create()
  const style = document.querySelector('style[nonce]')
  const wave = WaveSurfer.create({
    container: holder,
    height: legs.length > 1 ? 70 : 140,
    splitChannels: legs.map((_, i) => colours[i]),
    peaks: legs.map((leg) => leg.map((v) => v / 255 / loudest)),
    duration,
    media: audio ?? undefined,
    interact: audio !== null,
    cursorColor: '#0b0c0c',
    cursorWidth: 2,
    cspNonce: style ? style.nonce : undefined,
    plugins: [regions],
  })
  const mark = () => {
    regions.clearRegions()
    for (const gap of gaps) {
      regions.addRegion({
        start: gap.from, end: gap.to, content: gap.label, color: 'rgba(148, 37, 20, 0.22)', drag: false, resize: false,
      })
    }
    holder.dataset.drawn = String(gaps.length)
  }
  wave.on('ready', mark)
}

function controls(audio) {
  const bar = document.querySelector('[data-controls]')
  bar.hidden = false
  for (const button of bar.querySelectorAll('[data-skip]')) {
    button.addEventListener('click', () => {
      audio.currentTime = Math.max(0, audio.currentTime + Number(button.dataset.skip))
    })
  }
  const speed = bar.querySelector('[data-speed]')
  speed.addEventListener('change', () => { audio.playbackRate = Number(speed.value) })
}

// Times in the text become buttons that play from there.
function seekers(audio) {
  for (const time of document.querySelectorAll('[data-seek]')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'lv-link-button'
    button.dataset.seek = time.dataset.seek
    const hidden = document.createElement('span')
    hidden.className = 'govuk-visually-hidden'
    hidden.textContent = 'Go to '
    button.append(hidden, time.textContent.trim())
    button.addEventListener('click', () => { audio.currentTime = Number(button.dataset.seek) })
    time.replaceWith(button)
  }
}

// Pictures side by side that are looked at as one: what zooms or moves one moves all of them.
const SVG = "http://www.w3.org/2000/svg"
const MOST = 16, STEP = 1.5, WHEEL = 500, SLIP = 5 // px that a click may wander
const NARROWEST = 158, WIDEST = 440, GAP = 12 // px of a picture on the page, and between two
const PRINTED = 480, EDGE = 24, LINE = 20 // px in a downloaded file
const SHAPES = [0.75, 1.6] // width by height between which a frame follows its picture
const HINT = "Click a picture to enlarge it. Zoom all with + and −, a pinch, or the wheel while " +
  "Ctrl is held; move them by dragging or with the arrow keys."
const mounted = new WeakMap()

const clamp = (value, low, high) => Math.min(Math.max(value, low), high)

function make(name, told = {}, ...inside) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(told)) {
    if (key in made) made[key] = value
    else made.setAttribute(key, value)
  }
  made.append(...inside)
  return made
}

function drawing(name, told) {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(told)) made.setAttribute(key, value)
  return made
}

function loaded(address) {
  const image = new Image()
  image.src = address
  return image.decode().then(() => image)
}

/** One picture in its frame: a film, and the heat over it where there is any. */
class Frame {
  constructor(pictures, picture, { enlarges }) {
    Object.assign(this, { pictures, picture, fingers: new Map(), moved: 0 })
    const { image, over, width, height, alt } = picture
    this.svg = drawing("svg", { role: "img", "aria-label": alt })
    const size = { width, height, preserveAspectRatio: "none" }
    this.svg.append(drawing("image", { ...size, href: pictures.data.images[image] }))
    if (over) {
      this.heat = drawing("image", { ...size, href: over })
      this.svg.append(this.heat)
    }
    this.view = make("div", { className: "view" }, this.svg)
    this.listen(enlarges)
  }

  draw() {
    const { zoom, x, y, opacity } = this.pictures
    const { width, height } = this.picture
    const [w, h] = [width / zoom, height / zoom]
    this.svg.setAttribute("viewBox", `${x * width - w / 2} ${y * height - h / 2} ${w} ${h}`)
    this.heat?.setAttribute("opacity", opacity)
  }

  /** A place on the screen, in shares of the picture. */
  place({ clientX, clientY }) {
    const at = new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM().inverse())
    return { x: at.x / this.picture.width, y: at.y / this.picture.height }
  }

  listen(enlarges) {
    const { view, fingers, pictures } = this
    view.addEventListener("wheel", (event) => {
      if (enlarges && !event.ctrlKey && !event.metaKey) return // the page scrolls on
      event.preventDefault()
      pictures.zoomBy(Math.exp(-event.deltaY / WHEEL * (event.ctrlKey ? 3 : 1)), this.place(event))
    }, { passive: false })
    view.onpointerdown = (event) => {
      if (!fingers.size) this.moved = 0
      fingers.set(event.pointerId, event)
      view.setPointerCapture(event.pointerId)
      view.classList.add("held")
    }
    view.onpointermove = (event) => {
      if (!fingers.has(event.pointerId)) return
      const before = [...fingers.values()]
      fingers.set(event.pointerId, event)
      const now = [...fingers.values()]
      this.moved += Math.hypot(event.movementX, event.movementY)
      if (now.length === 2) this.pinch(before, now)
      else if (pictures.zoom > 1) pictures.move(this.place(before[0]), this.place(now[0]))
    }
    view.onpointerup = view.onpointercancel = (event) => {
      const alone = fingers.size === 1
      fingers.delete(event.pointerId)
      if (!fingers.size) view.classList.remove("held")
      const clicked = event.type === "pointerup" && alone && this.moved < SLIP
      if (enlarges && clicked) pictures.enlarge(this.picture)
    }
  }

  pinch(before, now) {
    const apart = ([one, other]) =>
      Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY)
    const middle = ([one, other]) => this.place({
      clientX: (one.clientX + other.clientX) / 2,
      clientY: (one.clientY + other.clientY) / 2,
    })
    this.moved = SLIP
    this.pictures.move(middle(before), middle(now))
    this.pictures.zoomBy(apart(now) / Math.max(1, apart(before)), middle(now))
  }
}

class Pictures {
  constructor(root) {
    Object.assign(this, { root, zoom: 1, x: 0.5, y: 0.5, frames: [], large: null })
    this.watch = new ResizeObserver(() => this.arrange())
    this.watch.observe(root)
    root.addEventListener("keydown", (event) => this.press(event))
  }

  show(data) {
    if (this.data?.version === data.version) return
    const first = !this.data
    this.data = data
    if (first) this.opacity = data.opacity
    if (!first && this.dialog?.open) this.dialog.close()
    this.frames = []
    this.grids = []
    this.dialog = make("dialog", { ariaLabel: "Enlarged picture" })
    this.dialog.onclose = () => this.reduce()
    this.root.replaceChildren(
      this.bar(), make("p", { className: "said", textContent: HINT }),
      ...data.rows.flatMap((row) => this.row(row)), ...this.legend(), this.dialog,
    )
    this.arrange()
    this.draw()
  }

  button(text, name, act) {
    return make("button", { type: "button", textContent: text, ariaLabel: name, title: name,
      onclick: act })
  }

  zooms() {
    const level = make("output", { ariaLabel: "Magnification" })
    return [
      this.button("−", "Zoom out", () => this.zoomBy(1 / STEP)), level,
      this.button("+", "Zoom in", () => this.zoomBy(STEP)),
      this.button("Whole", "Show the whole pictures", () => this.whole()),
    ]
  }

  bar() {
    const bar = make("div", { className: "bar", role: "toolbar", ariaLabel: "All pictures" },
      ...this.zooms())
    if (this.data.legend) {
      const range = make("input", { type: "range", min: 0, max: 100, step: 5,
        value: 100 * this.opacity })
      range.oninput = () => {
        this.opacity = range.value / 100
        this.draw()
      }
      bar.append(make("label", {}, "Opacity of the heatmaps", range))
    }
    bar.append(make("span", { className: "space" }),
      this.button("Download all (PNG)", "Download all pictures as shown (PNG)",
        () => this.download(this.data.rows, this.data.name)))
    return bar
  }

  row(row) {
    const grid = make("div", { className: "cells" }, ...row.pictures.map((each) => {
      const frame = new Frame(this, each, { enlarges: true })
      frame.view.style.aspectRatio = clamp(each.width / each.height, ...SHAPES)
      this.frames.push(frame)
      const large = this.button("⤢", `Enlarge: ${each.alt}`, () => this.enlarge(each))
      large.className = "large"
      return make("figure", {}, frame.view, large, this.caption(each))
    }))
    this.grids.push(grid)
    const words = []
    if (row.title) words.push(make("h4", { className: "row", textContent: row.title }))
    if (row.note) words.push(make("p", { className: "note", textContent: row.note }))
    return [...words, grid]
  }

  caption({ title, lines, word }) {
    const said = make("figcaption", {}, make("b", { textContent: title }),
      ...lines.map((line) => make("span", { textContent: line })))
    if (word) said.append(make("span", { className: "word", textContent: word }))
    return said
  }

  legend() {
    const { legend } = this.data
    if (!legend) return []
    return [make("div", { className: "legend" },
      make("div", { className: "scale" }, legend.low,
        make("img", { src: legend.image, alt: legend.alt }), legend.high),
      ...legend.lines.map((line) => make("p", { textContent: line })))]
  }

  /** As many columns as fit, and rows as even as they can be. */
  arrange() {
    const room = Math.max(1, Math.floor((this.root.clientWidth + GAP) / (NARROWEST + GAP)))
    const count = Math.max(1, ...(this.grids ?? []).map((grid) => grid.children.length))
    const columns = Math.ceil(count / Math.ceil(count / room))
    for (const grid of this.grids ?? []) {
      grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, ${WIDEST}px))`
    }
  }

  draw() {
    for (const frame of [...this.frames, ...(this.large ? [this.large] : [])]) frame.draw()
    this.root.classList?.toggle("zoomed", this.zoom > 1)
    for (const level of this.root.querySelectorAll("output")) {
      level.textContent = `${this.zoom.toFixed(1)} ×`
    }
  }

  look(zoom, x, y) {
    this.zoom = clamp(zoom, 1, MOST)
    const half = 0.5 / this.zoom
    this.x = clamp(x, half, 1 - half)
    this.y = clamp(y, half, 1 - half)
    this.draw()
  }

  zoomBy(times, at = this) {
    const zoom = clamp(this.zoom * times, 1, MOST), share = this.zoom / zoom
    this.look(zoom, at.x + (this.x - at.x) * share, at.y + (this.y - at.y) * share)
  }

  move(from, to) {
    this.look(this.zoom, this.x + from.x - to.x, this.y + from.y - to.y)
  }

  whole() {
    this.look(1, 0.5, 0.5)
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.type === "range") return
    const step = 0.15 / this.zoom
    const keys = {
      "+": () => this.zoomBy(STEP), "=": () => this.zoomBy(STEP), "-": () => this.zoomBy(1 / STEP),
      0: () => this.whole(),
    }
    if (this.zoom > 1) Object.assign(keys, {
      ArrowLeft: () => this.look(this.zoom, this.x - step, this.y),
      ArrowRight: () => this.look(this.zoom, this.x + step, this.y),
      ArrowUp: () => this.look(this.zoom, this.x, this.y - step),
      ArrowDown: () => this.look(this.zoom, this.x, this.y + step),
    })
    if (!keys[event.key]) return
    event.preventDefault()
    keys[event.key]()
  }

  enlarge(picture) {
    const all = this.data.rows.flatMap((row) => row.pictures)
    const at = all.indexOf(picture), row = this.data.rows.find((r) => r.pictures.includes(picture))
    this.large = new Frame(this, picture, { enlarges: false })
    const step = (by) => () => this.enlarge(all[(at + by + all.length) % all.length])
    const close = this.button("Close", "Close", () => this.dialog.close())
    this.dialog.replaceChildren(
      make("div", { className: "bar" },
        ...this.zooms(), make("span", { className: "space" }),
        this.button("PNG", "Download this picture as shown (PNG)", () => this.download(
          [{ ...row, pictures: [picture] }], `${this.data.name}-${at + 1}`)),
        close),
      this.large.view,
      make("div", { className: "bar" }, this.button("‹", "Previous picture", step(-1)),
        this.caption(picture), this.button("›", "Next picture", step(1))),
    )
    if (!this.dialog.open) this.dialog.showModal()
    close.focus()
    this.draw()
  }

  reduce() {
    this.large = null
    this.dialog.replaceChildren()
  }

  async download(rows, name) {
    const canvas = await this.print(rows)
    const link = make("a", { download: `${name}.png` })
    link.href = URL.createObjectURL(await new Promise((done) => canvas.toBlob(done)))
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }

  /** The rows as they are shown, with their captions and the legend, on white. */
  async print(rows) {
    const canvas = make("canvas"), paper = new Paper(canvas)
    const columns = Math.max(...rows.map((row) => row.pictures.length))
    const width = EDGE + columns * (PRINTED + EDGE)
    const heated = rows.some((row) => row.pictures.some((each) => each.over))
    const images = await Promise.all(this.data.images.map(loaded))
    const heats = new Map()
    for (const each of rows.flatMap((row) => row.pictures)) {
      if (each.over) heats.set(each, await loaded(each.over))
    }
    const scale = heated && await loaded(this.data.legend.image)
    const parts = (write) => {
      let y = EDGE
      for (const row of rows) {
        y = write.lines([row.title, row.note].filter(Boolean), EDGE, y, width - 2 * EDGE, true)
        const high = PRINTED / clamp(
          Math.min(...row.pictures.map((each) => each.width / each.height)), ...SHAPES)
        let end = y
        row.pictures.forEach((each, at) => {
          const x = EDGE + at * (PRINTED + EDGE)
          write.picture(this, each, images[each.image], heats.get(each), x, y, high)
          const said = [each.title, ...each.lines, ...(each.word ? [`[${each.word}]`] : [])]
          end = Math.max(end, write.lines(said, x, y + high + 8, PRINTED, true))
        })
        y = end + EDGE
      }
      if (scale) y = write.legend(this.data.legend, scale, EDGE, y, width - 2 * EDGE)
      return write.lines([this.data.foot], EDGE, y, width - 2 * EDGE) + EDGE
    }
    paper.measure = true
    const height = parts(paper)
    Object.assign(canvas, { width, height })
    paper.measure = false
    paper.fill("#fff", 0, 0, width, height)
    parts(paper)
    return canvas
  }
}

/** A canvas that is written on from top to bottom; while it measures it draws nothing. */
class Paper {
  constructor(canvas) {
    this.pen = canvas.getContext("2d")
  }

  fill(colour, ...box) {
    this.pen.fillStyle = colour
    if (!this.measure) this.pen.fillRect(...box)
  }

  lines(texts, x, y, width, headed = false) {
    texts.forEach((text, at) => {
      this.pen.font = `${headed && !at ? "bold " : ""}15px sans-serif`
      this.pen.textBaseline = "top"
      let line = ""
      const put = () => {
        this.pen.fillStyle = "#000"
        if (!this.measure) this.pen.fillText(line, x, y)
        y += LINE
      }
      for (const word of text.split(" ")) {
        const longer = line ? `${line} ${word}` : word
        if (line && this.pen.measureText(longer).width > width) {
          put()
          line = word
        } else line = longer
      }
      put()
    })
    return y
  }

  picture({ zoom, x: across, y: down, opacity }, { width, height }, image, heat, x, y, high) {
    if (this.measure) return
    const { pen } = this
    const times = zoom * Math.min(PRINTED / width, high / height)
    pen.save()
    pen.beginPath()
    pen.rect(x, y, PRINTED, high)
    pen.clip()
    this.fill("#000", x, y, PRINTED, high)
    pen.translate(x + PRINTED / 2 - across * width * times, y + high / 2 - down * height * times)
    pen.scale(times, times)
    pen.drawImage(image, 0, 0, width, height)
    pen.globalAlpha = opacity
    if (heat) pen.drawImage(heat, 0, 0, width, height)
    pen.restore()
  }

  legend({ low, high, lines }, scale, x, y, width) {
    this.lines([low], x, y, width)
    const left = x + this.pen.measureText(low).width + 10
    if (!this.measure) this.pen.drawImage(scale, left, y + 2)
    this.lines([high], left + scale.width + 10, y, width)
    return this.lines(lines, x, y + LINE + 4, width) + 6
  }
}

export default function ({ data, parentElement }) {
  let pictures = mounted.get(parentElement)
  if (!pictures) {
    pictures = new Pictures(parentElement.querySelector(".pictures"))
    mounted.set(parentElement, pictures)
  }
  pictures.show(data)
  return () => {
    pictures.watch.disconnect()
    mounted.delete(parentElement)
  }
}

"use strict";
// Text of the reader or the server enters the page as text nodes alone.

const byId = (id) => document.getElementById(id);
const legend = [...document.querySelectorAll("#legend li")];
const names = Object.fromEntries(legend.map((item) => [item.dataset.label, item.dataset.name]));
const percent = new Intl.NumberFormat("ar", { style: "percent" });

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function say(text, isError = false) {
  byId("message").textContent = text;
  byId("message").classList.toggle("error", isError);
}

function hideDetails() {
  byId("details").replaceChildren(byId("help").content.textContent);
  document.querySelector("#article .shown")?.classList.remove("shown");
}

function showDetails(span, sentence) {
  hideDetails();
  span.classList.add("shown");
  const list = element("dl");
  for (const [label, p] of Object.entries(sentence.probabilities)) {
    const className = label === sentence.label ? "best" : "";
    list.append(
      element("dt", { className }, names[label]),
      element("dd", {}, element("meter", { value: p, ariaHidden: "true" })),
      element("dd", { className }, percent.format(p)),
    );
  }
  const speaker = sentence.source ? element("p", {}, "المتحدث: ", element("b", {}, sentence.source.text)) : "";
  byId("details").replaceChildren(speaker, list);
}

function sentenceSpan(sentence) {
  const span = element("span", { className: sentence.label, tabIndex: 0 }, sentence.text);
  span.append(element("span", { className: "unseen" }, ` (${names[sentence.label]})`));
  const show = () => showDetails(span, sentence);
  span.addEventListener("pointerenter", show);
  span.addEventListener("focus", show);
  span.addEventListener("click", show);
  return span;
}

function showArticle(text, sentences) {
  hideDetails();
  const characters = Array.from(text); // the service counts code points, JavaScript UTF-16 units
  const article = byId("article");
  let paragraph = element("p");
  let position = 0;
  article.replaceChildren(paragraph);
  for (const sentence of sentences) {
    const gap = characters.slice(position, sentence.start).join("");
    if (/[\n\r\v\f\u0085\u2028\u2029]/.test(gap)) {
      paragraph = element("p");
      article.append(paragraph);
    } else {
      paragraph.append(gap);
    }
    paragraph.append(sentenceSpan(sentence));
    position = sentence.end;
  }
  for (const item of legend) {
    const count = sentences.filter((s) => s.label === item.dataset.label).length;
    item.textContent = `${item.dataset.name} (${count})`;
  }
  byId("result").hidden = false;
}

async function annotate(text) {
  const response = await fetch("annotate", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text }),
  });
  if (response.ok) return (await response.json()).sentences;
  if (response.status === 503) {
    throw new Error(`الخدمة مشغولة الآن؛ أعد المحاولة بعد ${response.headers.get("Retry-After")} ثانية.`);
  }
  const { problems } = await response.json();
  throw new Error(problems.map((p) => `${p.field}: ${p.problem}; ${p.remedy}`).join("\n"));
}

async function submit(event) {
  event?.preventDefault();
  const text = byId("text").value;
  const button = document.querySelector("button[type=submit]");
  if (button.disabled || !text.trim()) return;
  button.disabled = true;
  say("جارٍ التحليل…");
  try {
    const sentences = await annotate(text);
    showArticle(text, sentences);
    say(`عدد الجمل: ${sentences.length}`);
  } catch (error) {
    say(error instanceof TypeError ? "تعذّر الوصول إلى الخدمة." : error.message, true);
  } finally {
    button.disabled = false;
  }
}

byId("form").addEventListener("submit", submit);
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
});
byId("example").addEventListener("click", () => {
  byId("text").value = byId("sample").content.textContent;
  submit();
});
byId("article").addEventListener("keydown", (event) => {
  const step = { ArrowLeft: 1, ArrowDown: 1, ArrowRight: -1, ArrowUp: -1 }[event.key];
  const spans = [...document.querySelectorAll("#article [tabindex]")];
  const next = spans[spans.indexOf(document.activeElement) + step];
  if (step && next) {
    event.preventDefault();
    next.focus();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideDetails();
});

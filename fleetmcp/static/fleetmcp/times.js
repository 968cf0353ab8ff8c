// Shows each <time datetime> in the viewer's own zone; what the server wrote, in UTC, on hover.
"use strict";

const two = (number) => String(number).padStart(2, "0");

function local(moment, seconds) {
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join("-");
  const clock = [two(moment.getHours()), two(moment.getMinutes())];
  return `${day} ${[...clock, ...(seconds ? [two(moment.getSeconds())] : [])].join(":")}`;
}

for (const element of document.querySelectorAll("time[datetime*='T']")) {
  const moment = new Date(element.dateTime);
  if (!Number.isNaN(moment.getTime())) {
    const written = element.textContent.trim();
    element.title = written;
    element.textContent = local(moment, /\d:\d\d:\d\d/.test(written));
  }
}

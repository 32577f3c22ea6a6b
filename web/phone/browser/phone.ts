/** The password pad: digits by touch. Without this script the field takes the keyboard's. */
const pad = document.querySelector<HTMLElement>('[data-keypad]');
const field = document.querySelector<HTMLInputElement>('#password');
if (pad && field) start(pad, field);

function start(keypad: HTMLElement, password: HTMLInputElement): void {
  keypad.hidden = false;
  keypad.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target.closest('[data-key]') : null;
    const key = target?.getAttribute('data-key');
    if (!key) return;
    if (key === 'delete') password.value = password.value.slice(0, -1);
    else if (password.value.length < password.maxLength) password.value += key;
  });
}

export {};

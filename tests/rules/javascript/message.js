// ruleid: javascript.message.any-target
parent.postMessage({ token }, '*');
// ok: javascript.message.any-target
parent.postMessage({ token }, 'https://app.example');
// ok: javascript.message.any-target
worker.postMessage({ token });

// ruleid: javascript.message.origin-unchecked
window.addEventListener('message', (event) => {
  show(event.data);
});

// ok: javascript.message.origin-unchecked
window.addEventListener('message', (event) => {
  if (event.origin !== 'https://app.example') {
    return;
  }
  show(event.data);
});

// ok: javascript.message.origin-unchecked
window.addEventListener('resize', (event) => {
  show(event.data);
});

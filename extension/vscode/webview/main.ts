/** A stand-in until the view is there. */

document.body.textContent = 'The chat is not there yet.';

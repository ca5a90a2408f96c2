// The page the auth service answers to. It hands the answer on and holds nothing: to the page that
// opened it in a frame, or, when it is the whole window, to the chat page it then becomes.

if (window.parent !== window) {
  window.parent.postMessage({ answer: location.search }, location.origin);
} else {
  sessionStorage.setItem("netra-chat-answer", location.search);
  location.replace("/chat");
}

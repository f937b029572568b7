"use strict";
// Decrypts the pages of a run that this one page holds, and shows one after the other in its place. No request is made.
(() => {
  const form = document.getElementById("open");
  const field = document.getElementById("password");
  const told = document.getElementById("told");
  const packed = document.getElementById("encrypted").content.textContent;
  const root = "https://pages.invalid/a/b/c/";
  const files = new Map();
  let current = "";

  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

  const decrypted = async (password) => {
    const whole = bytes(packed);
    const start = whole.indexOf(10) + 1;
    const end = whole.indexOf(10, start) + 1;
    const { rounds, salt, nonce } = JSON.parse(new TextDecoder().decode(whole.subarray(start, end)));
    const { subtle } = window.crypto;
    const secret = await subtle.importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, ["deriveKey"]);
    const slow = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: rounds };
    const key = await subtle.deriveKey(slow, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const way = { name: "AES-GCM", iv: bytes(nonce), additionalData: whole.subarray(0, end) };
    return subtle.decrypt(way, key, whole.subarray(end));
  };

  const unpack = async (content) => {
    const plain = new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"));
    const whole = new Uint8Array(await new Response(plain).arrayBuffer());
    const start = whole.indexOf(10) + 1;
    let at = start;
    for (const [name, size] of JSON.parse(new TextDecoder().decode(whole.subarray(0, start)))) {
      files.set(name, whole.subarray(at, at + size));
      at += size;
    }
  };

  const isPage = (name) => name.endsWith(".html");
  // The file that a link leads to: null where it leads out of the run, undefined where it is no link to a file.
  const target = (link) => {
    const href = link.getAttribute("href") || "";
    if (href === "" || /^(#|[a-z]+:)/i.test(href)) return undefined;
    const address = new URL(href, root + current);
    if (!address.href.startsWith(root)) return null;
    const name = decodeURIComponent(address.pathname.slice(new URL(root).pathname.length));
    return files.has(name) ? { name, anchor: address.hash } : null;
  };

  const save = (name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([files.get(name)], { type: "application/octet-stream" }));
    link.download = name.split("/").pop();
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  const follow = (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    const found = link && target(link);
    if (!found) return;
    event.preventDefault();
    if (!isPage(found.name)) {
      save(found.name);
    } else {
      window.history.replaceState({ page: current }, "");
      window.history.pushState({ page: found.name }, "", found.anchor || "#");
      show(found.name);
    }
  };

  const show = (name) => {
    current = name;
    document.open();
    document.write(new TextDecoder().decode(files.get(name)));
    document.close();
    for (const link of document.querySelectorAll("a[href]")) {
      if (target(link) === null) link.replaceWith(...link.childNodes);
    }
    document.addEventListener("click", follow);
    window.addEventListener("popstate", (event) => {
      if (event.state && event.state.page !== current) show(event.state.page);
    });
    const reached = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    if (reached) reached.scrollIntoView();
    else window.scrollTo(0, 0);
  };

  const tell = (says) => {
    told.textContent = says;
    field.setAttribute("aria-invalid", String(says !== ""));
  };

  if (!(window.crypto && window.crypto.subtle && window.DecompressionStream)) {
    tell("This browser cannot decrypt here. Save the page and open it from your disk, or serve it over https; or take a newer browser.");
    return;
  }
  form.hidden = false;
  field.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    tell("");
    button.disabled = true;
    button.textContent = "Opening …";
    try {
      await unpack(await decrypted(field.value));
      field.value = "";
      window.history.replaceState({ page: "index.html" }, "");
      show("index.html");
    } catch (error) {
      tell("The password is another one, or the page has been changed. Try again.");
      button.disabled = false;
      button.textContent = "Open";
      field.select();
    }
  });
})();

// Asks the browser for a passkey and sends what it answers with the form around the button.
(() => {
  "use strict";

  async function credential(form) {
    if (form.dataset.passkey === "sign-in") {
      const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error("no options");
      return webauthnJSON.get((await answer.json()).request_options);
    }
    const options = JSON.parse(form.dataset.options);
    if (form.dataset.passkey === "confirm") return webauthnJSON.get(options);
    const alone = form.elements.passwordless.checked;
    const wanted = options.publicKey.authenticatorSelection;
    wanted.residentKey = alone ? "required" : "discouraged";
    wanted.requireResidentKey = alone;
    if (alone) wanted.userVerification = "required";
    return webauthnJSON.create(options);
  }

  function prepare(form) {
    const part = (name) => form.querySelector(`[data-passkey-${name}]`);
    if (!window.PublicKeyCredential) {
      part("button").disabled = true;
      return;
    }
    part("missing").hidden = true;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      part("problem").hidden = true;
      try {
        form.elements.credential.value = JSON.stringify(await credential(form));
      } catch {
        part("problem").hidden = false;
        return;
      }
      form.submit();
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("form[data-passkey]").forEach(prepare);
  });
})();

"""People in browser windows of their own: what each does is a verb here, so that a story reads."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser import opened

PASSWORD = "correct horse battery"
# A machine with two cores trains, measures and merges meanwhile.
PATIENCE = 180_000
A_MOMENT = 40_000
expect.set_options(timeout=A_MOMENT)


class Person:
    """Somebody at the site with a window. `page` is what they look at."""

    def __init__(self, browser, site, name: str, **window) -> None:
        self.name, self.site = name, site
        self.page = opened(browser, **window)
        self.page.set_default_timeout(A_MOMENT)

    def goes_to(self, address: str) -> None:
        self.page.goto(self.site.url + address)

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def follows(self, name: str) -> None:
        self.page.get_by_role("link", name=name).first.click()

    def reads(self, words: str | re.Pattern, *, timeout: float = A_MOMENT) -> None:
        # What a folded part or another language says is not read.
        seen = self.page.get_by_text(words).locator("visible=true").first
        expect(seen).to_be_visible(timeout=timeout)

    def signs_in(self, then: str = "/") -> None:
        self.goes_to(f"/login?next={then}")
        self.page.get_by_label("Username or e-mail address").fill(self.name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.presses("Sign in")
        self.page.wait_for_url(f"{self.site.url}{then}")

    def has_nothing_to_complain_of(self) -> None:
        """Neither the console, nor the policy that says what a page may load, nor a 5xx."""
        assert self.page.complaints == [], self.name
        assert [url for url, status in self.page.answers if status >= 500] == []
        own = (self.site.url, "data:", "blob:")
        assert [url for url in self.page.requested if not url.startswith(own)] == []


class Contributor(Person):
    def signs_up(self) -> None:
        self.goes_to("/")
        self.follows("Sign in")
        self.follows("Sign up")
        self.page.get_by_label("Name").fill(self.name)
        self.page.get_by_label("E-mail address").fill(f"{self.name}@example.org")
        self.page.get_by_label("Password:", exact=True).fill(PASSWORD)
        self.page.get_by_label("The same password again").fill(PASSWORD)
        self.presses("Make the account")
        expect(self.page.locator("summary", has_text=self.name)).to_be_visible()

    def finds_the_track(self, title: str) -> None:
        self.page.get_by_role("navigation", name="Site").get_by_role("link", name="Tracks").click()
        self.page.get_by_role("main").get_by_role("link", name=title).first.click()
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    def submits(self, folder, *, title: str) -> int:
        """The whole wizard, with the weights of a folder; returns the submission's number."""
        self.follows("Contribute in the browser")
        self.page.get_by_label("new weights").check()
        self.page.get_by_label("Title").fill(title)
        self.presses("Save and go on")
        self.page.set_input_files("#folder-input", folder)
        self.reads("All files have arrived.")
        self.follows("Go on")
        self.page.get_by_label("no", exact=True).check()
        self.page.get_by_label("Where the data come from").fill("The public sentences only.")
        self.presses("Save and go on")
        self.presses("Send it")
        self.page.wait_for_url(re.compile(r"/submissions/\d+$"))
        return int(self.page.url.rsplit("/", 1)[1])

    def watches_until(self, words: str) -> None:
        """Without a reload: a mark that a new page would not have is still there afterwards."""
        self.page.evaluate("window.stayed = true")
        status = self.page.locator("#live .banner")
        expect(status).to_contain_text(words, timeout=PATIENCE)
        assert self.page.evaluate("window.stayed"), "the page was loaded anew"

    def opens_the_news(self, title: str) -> None:
        # Whoever looks at the submission itself has read what is told of it.
        self.goes_to("/tracks")
        bell = self.page.get_by_role("link", name="unread notifications")
        for _ in range(60):
            self.page.reload()
            if bell.count():
                bell.click()
                line = self.page.get_by_role("main").get_by_role("link", name=title)
                if line.count():
                    line.first.click()
                    return
                self.goes_to("/tracks")
            self.page.wait_for_timeout(500)
        raise AssertionError(f"no news “{title}”: {self.page.text_content('main')}")

    def answers(self, words: str) -> None:
        self.page.get_by_label("Your answer").fill(words)
        self.presses("Send the answer")


class Reviewer(Person):
    def takes_from_the_queue(self, key: str, title: str) -> None:
        self.goes_to(f"/admin/contributions/reviewitem/?key={key}")
        self.follows(title)
        self.page.get_by_role("heading", name=f"The {key} key").wait_for()
        self.reads(re.compile("Claim it|Yours until"))
        if self.page.get_by_role("button", name="Claim it").count():
            self.presses("Claim it")
        self.reads("Yours until")

    def looks_at(self, exhibit: str, words: str) -> None:
        tabs = self.page.get_by_role("navigation", name="Evidence")
        tabs.get_by_role("link", name=exhibit).click()
        self.reads(words)

    def asks(self, reason: str, words: str) -> None:
        self.page.get_by_label("Ask for information: an answer").check()
        self.page.get_by_label("Reason").select_option(label=reason)
        self.page.get_by_label("What the contributor should know").fill(words)
        self.presses("Decide")
        self.reads("is recorded")

    def approves(self) -> None:
        self.page.get_by_label("Approve: turn the key").check()
        self.presses("Decide")
        self.reads("is recorded")


class Maintainer(Person):
    def makes_a_release(self, track: str) -> None:
        self.goes_to(f"/tracks/{track}")
        self.follows("Make a release")
        self.presses("Start the release")
        self.reads("The release is being made; this page follows it.")

    def sees_it_made(self) -> None:
        self.page.evaluate("window.stayed = true")
        expect(self.page.locator("#live .banner")).to_contain_text(
            "contribution merged", timeout=PATIENCE
        )
        assert self.page.evaluate("window.stayed"), "the page was loaded anew"

    def keeps_a_token(self, hub: str, token: str) -> None:
        self.page.get_by_label("Hub that it opens").fill(hub)
        self.page.get_by_label("Token with write access there").fill(token)
        self.presses("Keep the token")
        self.reads("The token is kept, sealed.")
        assert token not in self.page.content()

    def publishes_to(self, hub: str, repository: str, *, token: str) -> None:
        self.follows("Publish …")
        self.keeps_a_token(hub, token)
        self.page.get_by_label("Address of the Hub").fill(hub)
        self.page.get_by_label("Repository there").fill(repository)
        self.presses("Show what would be sent")
        self.reads("The plan")
        self.reads("model.safetensors")
        self.presses("Publish it now")
        self.reads("It is being published; the steps are shown here.")
        published = self.page.locator("section[aria-labelledby=published]")
        expect(published).to_contain_text("See it there", timeout=PATIENCE)

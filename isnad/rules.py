"""Label a sentence by hand-written rules on quotation marks and cue words.

A model is told what they say and learns when to trust them; `eval` measures models against them; `train`
may learn from what they say of unlabelled news.  The annotation guidelines are their law.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from isnad.labels import Label
from isnad.normalize import Normalized, normalize_with_offsets
from isnad.quotes import Quotation, quotations_of

_WORD = re.compile(r"\w+")
_QUOTED_AT_LEAST = 5  # so many quoted words in a row suffice, clause or not
_CLAUSE_AT_LEAST = 3  # fewer quoted words with a verb among them are mostly names
_QUOTED_UNCUED = 12  # so many suffice with no cue around them: names and titles are shorter
_CLAUSE_WITHIN = 13  # words after a verb of saying among which its «أن» or colon is looked for
_COLON_REACH = 120  # characters looked at on either side of a colon
_SPEECH_AT_LEAST = 4  # words after a colon that are speech, not a heading's or a list's

# Papers drop hamzas («ان», «اكد»): the tables are written, and matched, without those on alif,
# save that of the first person, where the hamza tells «أعتقد», I think, from «اعتقد», he thought.
# Verbs as perfect stem/imperfect stem/active participle («-»: not a cue in use).
# Verbs of saying report by themselves.
_SAYING = """
قال/قول/قائل اكد/ؤكد/مؤكد اوضح/وضح/موضح اضاف/ضيف/مضيف اشار/شير/مشير اعلن/علن/معلن ابان/-/- لفت/لفت/لافت
افاد/فيد/- صرح/صرح/مصرح اردف/ردف/مردف استدرك/ستدرك/مستدرك استطرد/ستطرد/مستطرد نوه/نوه/منوه شدد/شدد/مشدد
حذر/حذر/محذر طالب/طالب/مطالب دعا/دعو/- زعم/زعم/زاعم ادعى/-/مدعي توقع/توقع/- رجح/رجح/مرجح اعترف/عترف/معترف
تعهد/تعهد/متعهد هدد/-/مهدد انتقد/نتقد/منتقد استنكر/ستنكر/مستنكر ندد/ندد/مندد ادان/دين/- رحب/-/مرحب اشاد/شيد/مشيد
اثنى/ثني/مثني ناشد/ناشد/مناشد حث/حث/- اقترح/قترح/- برر/برر/مبرر عزا/عزو/- ارجع/-/- استبعد/ستبعد/مستبعد
تنبا/تنبا/- نبه/نبه/منبه اعرب/عرب/معرب تساءل/تساءل/متسائل استغرب/ستغرب/مستغرب اشتكى/شتكي/- شكا/شكو/- اهاب/هيب/-
افصح/فصح/- اتهم/تهم/- لمح/لمح/- ثمن/ثمن/- كشف/-/- اعتبر/-/معتبر ذكر/ذكر/- ابلغ/-/- اجاب/جيب/- اوصى/وصي/-
اجمع/-/- سخر/سخر/- روى/روي/- حكى/حكي/- طمان/طمئن/-
"""
# Verbs of wider use report where a clause with «أن» follows.
_CLAUSE_TAKING = """
بين/بين/مبين اظهر/ظهر/- جاء/-/- اثبت/ثبت/- اقر/قر/مقر اخبر/خبر/مخبر تابع/تابع/متابع زاد/زيد/- عد/عد/-
اعتقد/عتقد/معتقد ظن/ظن/- نقل/نقل/ناقل اورد/ورد/- لاحظ/لاحظ/ملاحظ نص/نص/- تردد/تردد/- عبر/عبر/معبر جدد/جدد/مجدد
كرر/كرر/مكرر اصر/صر/مصر وصف/صف/واصف ابدى/بدي/مبدي ابرز/برز/مبرز سجل/سجل/مسجل قدر/قدر/- اكتشف/-/- نشر/نشر/-
تداول/تداول/- توصل/توصل/- تمنى/تمنى/متمني امل/امل/- اشترط/شترط/- شكك/شكك/مشكك كتب/كتب/- رد/رد/- اشتبه/-/-
افترض/فترض/- خلص/-/- راى/رى/- كشف/كشف/- اعتبر/عتبر/-
"""
_DENYING = "نفى/نفي/نافي فند/فند/مفند دحض/دحض/داحض انكر/-/-"


def _inflect(perfect: str, imperfect: str, participle: str) -> Iterator[str]:
    """The third persons of one verb, some with an object pronoun, and its participles."""
    stem, endings = perfect, ["", "ت", "وا", "ا", "تا", "ه", "ها", "هم", "ته", "تها", "وه"]
    if perfect[-1] in "اى" and len(perfect) > 2:
        stem, endings = perfect[:-1], [perfect[-1], "ت", "وا", "يا", "اه", "اها", "ته", "تها"]
    yield from (stem + ending for ending in endings)
    if imperfect != "-":
        stem, endings = imperfect, ["", "ون", "ان", "ه", "ها", "وا"]
        if imperfect[-1] in "ويى":
            stem, endings = imperfect[:-1], [imperfect[-1], "ون", "ى", "يه", "يها"]
        yield from (person + stem + ending for person in "يت" for ending in endings)
    if participle != "-":
        yield from (participle + ending for ending in ("", "ا", "ة", "ان"))
        yield from (participle.removesuffix("ي") + ending for ending in ("ين", "ون"))


def _forms(verbs: str) -> frozenset[str]:
    """Every form of every verb, bare and with the particles written onto it."""
    inflected = {form for verb in verbs.split() for form in _inflect(*verb.split("/"))}
    return frozenset(clitic + form for form in inflected for clitic in ("", "و", "ف", "س", "وس"))


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _phrases(table: str) -> re.Pattern[str]:
    """A pattern for whole words; a phrase a line, «و» or «ف» allowed before it."""
    return re.compile(rf"(?<!\w)[وف]?(?:{'|'.join(table.split(chr(10))).strip('|')})(?!\w)")


_SAYING_FORMS, _CLAUSE_TAKING_FORMS, _DENYING_FORMS = map(_forms, (_SAYING, _CLAUSE_TAKING, _DENYING))
_THAT = re.compile(r"[وب]?ان(?:ه|ها|هم|هما|هن|ي|نا|ني|ك)?")
# After these a verb of saying is negated, or part of somebody's description («الذي أعلن …»).
_EMBEDDING = _vocabulary("من لم ولم لن لا ولا ان الذي والذي التي والتي الذين ما مما بما عندما بعدما لانه لانهم")

# «According to» a rule, a plan or a quantity names no source.
_RULES = (
    r"(?:انظمة|نظام|خط[ةط]\w*|منهج\w*|الي[ةا]\w*|مبدا|معايير|شروط|ضوابط|مخطط|رؤية"
    r"|اسس|برنامج|قانون|احكام|مادة|مواصفات|عدد|اهمية|حاجة|ترتيب)"
)
_ATTRIBUTION = _phrases(rf"""
(?:ب?حسب|وفق|(?:وفق|طبق)ا)(?! (?:لل|ل|ال)?{_RULES})(?: ل\w+)?
ب?حسبما
نقلا عن
ب?قول(?:ه|ها|هم)
بالقول
على حد (?:قول|تعبير|وصف)\w*
في (?:راي|نظر)(?:ه|ها|هم)
قيل
عبر(?:ت|وا)? (?:\w+ ){{0,9}}عن(?! طريق)
[يت]نص \w+(?: \w+)? على
تردد(?:ت)? انباء
""")
_CONNECTIVE = _phrases("يذكر ان\\w*\nيشار الى")
# Link lines repeat a headline, whatever it says.
_LINK = re.compile(r"(?:رابط الخبر|اقرا ايضا|طالع ايضا|شاهد ايضا|the post )")

_UNTRUE = _phrases(r"""
لا صحة
عدم صحة
ليس[تو]?ا? صحيح\w*
عاري?ة?(?: \w+)? (?:من|عن) الصحة
لا اساس (?:له|لها)
لا [يت]مت \w*(?: \w+)? ?بصلة
(?:مجرد|محض) (?:شائعات|اشاعات|تكهنات|ادعاءات|اكاذيب|افتراءات?|كذب|خيال|اوهام)
ببراءت\w+
نفيا قاطعا
[وب]?نفي(?:ه|ها|هم)
(?:رفض\w*|[يت]رفض(?:ون)?) (?:\w+ )?(?:الاتهامات|المزاعم|الادعاءات|التهم|رواية)
كذبت (?!على)\w+
[يت]كذب
[يت]?غالط الحقيقة
مردود عليه
بدد\w* (?:\w+ ){0,2}الشائعات
تبرا\w* من
""")
_UNTRUE_IF_CUED = _phrases(r"""
غير (?:ال)?(?:صحيح|حقيقي|دقيق)ة?
بالكاذبة?
مغلوطة?
(?:ال)?اكاذيب
""")
_NOT_DENYING = _phrases(r"""
(?:لا|لم|لن|دون|احد|[يت]مكن) (?:ان )?(?:[يت]?نفي?|[يت]نكر(?:ون)?)(?:ه|ها)?
(?:تاكيد|[يت]ؤكد) (?:\w+ ){0,3}(?:او|ولا|ولم) \w+
""")

FIRST_PERSON = re.compile(
    r"(?<!\w)[وفل]?(?:"
    r"أنا|نحن|إنني|أنني|بأنني|أني|إني|إننا|أننا|بأننا|لكننا|لكنني|لدينا|عندنا|كنا|كنت|لسنا|لست|سأ(?!ل)\w+"
    r"|علينا|أعتقد|أريد|أتمنى|أشعر|أرى|أقول|أؤكد|أشكر|أود|أحب|أظن|أطالب|أتوقع|أعرف|أدعو|أفضل أن|نأمل|نتمنى"
    r"|نريد|نسعى|نعمل|نحتاج|نؤكد|نطالب|نقول|نرى|نعتقد|نشكر|نعلم|نعرف|ندعو|نتوقع|نقدم|نشعر|نرفض|نحاول"
    r"|(?:لا|لن|لم) ن\w{3,}|سن(?!وات|وي|تين|اب|دات|غاف|ين)\w{3,}"
    r")(?!\w)"
)
_FINITE = re.compile(
    r"(?<!\w)[وف]?(?:(?:لن|لم|لا|ليس|ليست|سوف|لقد|قد|كان|كانت|هناك|هذا|هذه|نحن|انا|هو|هي|انها?|يجب)(?!\w)|س[يتنا]\w{2,}|ي\w{3,})"
)
# A colon after these opens a list, or belongs to «أن».
_LIST_HEADS = _vocabulary("هي هم وهي وهم في منها ومنها يلي التالي التالية كالتالي كالاتي الاتي الاتية ان")
_SAYING_NOUNS = _vocabulary("بقوله بقولها بالقول قوله قولها رسالة")
# What is quoted after these is a name or a title.
_NAMING = _vocabulary("""
عنوان بعنوان المعنونة شعار كتاب فيلم برنامج مشروع جمعية شركة مؤسسة موضوع حول صحيفة صحيفتا صحيفتي دورية مهرجان
اسم باسم دورة مؤلف مجلة رواية قناة موقع وكالة مسلسل اغنية مبادرة حملة جائزة مقال
""")


def _is_denial(text: str, words: list[str], cued: bool) -> bool:
    """Whether the sentence calls an allegation untrue, or a verb of denying governs it."""
    denied = (
        any(word in _DENYING_FORMS for word in words)
        or _UNTRUE.search(text) is not None
        or (cued and _UNTRUE_IF_CUED.search(text) is not None)
    )
    return denied and not _NOT_DENYING.search(text)


def _is_quoted(text: str, offsets: list[int], quotations: Sequence[Quotation], cued: bool) -> bool:
    """Whether a quotation in the sentence, or open since before it, holds a clause or enough words.

    `text` is the sentence normalised and folded.
    """
    for quotation in quotations:
        if quotation.end <= 1:  # a mark that closes what was said before
            continue
        first = bisect_left(offsets, quotation.start)
        quoted = text[first : bisect_left(offsets, quotation.end)]
        length = len(_WORD.findall(quoted))
        if quotation.start < 0:
            if length >= _QUOTED_AT_LEAST:
                return True
        elif _NAMING.isdisjoint(_WORD.findall(text[max(0, first - 24) : first])[-2:]):
            # What the sentence leaves open goes on in the next.
            clause = not quotation.closed or (length >= _CLAUSE_AT_LEAST and _FINITE.search(quoted))
            if length >= _QUOTED_UNCUED or (cued and (length >= _QUOTED_AT_LEAST or clause)):
                return True
    return False


def _has_speech_after_colon(text: str) -> bool:
    """Whether a colon after a verb of saying opens speech, marked or not."""
    for colon in re.finditer(":", text):
        before = _WORD.findall(text[max(0, colon.start() - _COLON_REACH) : colon.start()])[-_CLAUSE_WITHIN:]
        after = _WORD.findall(text[colon.end() : colon.end() + _COLON_REACH])
        if len(after) < _SPEECH_AT_LEAST or _THAT.fullmatch(after[0]):
            continue  # «قال: إن …» is indirect speech
        if not before or before[-1] in _LIST_HEADS or before[-1].isdigit():
            continue
        if any(word in _SAYING_FORMS or word in _CLAUSE_TAKING_FORMS or word in _SAYING_NOUNS for word in before):
            return True
    return False


def _governs(words: list[str], i: int) -> bool:
    """Whether the verb `words[i]` reports a claim on behalf of the sentence."""
    if i and words[i - 1] in _EMBEDDING:
        return False
    return words[i] in _SAYING_FORMS or any(_THAT.fullmatch(w) for w in words[i + 1 : i + 1 + _CLAUSE_WITHIN])


def fold(text: str) -> str:
    """Normalised text without the hamzas on alif, as the tables are written; the length stays."""
    return text.replace("أ", "ا").replace("إ", "ا").replace("آ", "ا")


CUE_KINDS = 5


def cue_words(normalized: str) -> Iterator[tuple[int, int, int]]:
    """Words of a normalised sentence that may attribute or deny: characters `start:end`, and kind from 1 to 5.

    The kinds: a verb of saying, one that takes a clause, one of denying; a phrase of attribution, one of untruth.
    """
    text = fold(normalized)
    for word in _WORD.finditer(text):
        for kind, forms in enumerate((_SAYING_FORMS, _CLAUSE_TAKING_FORMS, _DENYING_FORMS), 1):
            if word.group() in forms:
                yield word.start(), word.end(), kind
                break
    for kind, pattern in enumerate((_ATTRIBUTION, _UNTRUE), 4):
        for phrase in pattern.finditer(text):
            yield phrase.start(), phrase.end(), kind


def label_by_rules(sentence: str, context: str = "") -> Label:
    """Label a sentence; `context` is the article's text directly before it."""
    return label_normalized(normalize_with_offsets(sentence), quotations_of(sentence, context))


def label_normalized(normalized: Normalized, quotations: Sequence[Quotation]) -> Label:
    """Label a normalised sentence, with the quotations that it had (see `isnad.quotes.quotations_of`)."""
    folded = fold(normalized.text)
    if _LINK.match(folded):
        return Label.BACKGROUND
    text = _CONNECTIVE.sub(" ", folded)
    words = _WORD.findall(text)
    cues = [i for i, word in enumerate(words) if word in _SAYING_FORMS or word in _CLAUSE_TAKING_FORMS]
    attributed = _ATTRIBUTION.search(text) is not None
    cued = attributed or bool(cues)
    if _is_denial(text, words, cued):
        return Label.DENIAL
    if _is_quoted(folded, normalized.offsets, quotations, cued) or _has_speech_after_colon(text):
        return Label.DIRECT_QUOTE
    if attributed or any(_governs(words, i) for i in cues):
        return Label.DIRECT_QUOTE if FIRST_PERSON.search(normalized.text) else Label.REPORTED_CLAIM
    return Label.BACKGROUND

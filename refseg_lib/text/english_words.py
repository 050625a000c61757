"""Closed lists of English words that a grammar of referring expressions rests on.

What is on no list counts as a noun, so that a misspelt noun still names something. The lists hold
what people type about photographs, telegraph style included ("w/" for "with").
"""

_set = frozenset

DETERMINERS = _set(
    "the a an this these those his her hers their its my our your some any each every another both"
    " all either other".split()
)
PRONOUNS = _set("it him he she we they them himself herself itself themselves i".split())
VIEWERS = _set("us me you camera viewer".split())
"""Who looks at the picture: "closest to us" is a place, not a relation to somebody in it."""
FRAMES = _set("pic pics picture photo photograph image img frame shot screen view".split())
"""The picture itself: "left side of the photo" is a place in it."""
BE = _set("is are was were be being been am isn looks appears".split())
RELATIVES = _set("that who which whom".split())
CONJUNCTIONS = _set("and & or plus n".split())
NEGATIONS = _set("not no without".split())
FILLERS = _set(
    "very really just only almost directly slightly partially partly fully mostly completely"
    " totally also too so quite more less then there here where when but if as than about yes"
    " ok okay lol haha hehe sorry please oops um hey thanks most mostly up down out away upside"
    " apart together alone anywhere somewhere while like looks well even still maybe see seen"
    " barely cant click do does doing did will would".split()
)
"""Words that neither name, relate nor describe; they stay inside the phrase they stand in."""

PLACES = _set(
    "left right middle center centre top bottom front back upper lower leftmost rightmost topmost"
    " bottommost uppermost lowermost far background foreground mid lefthand righthand centermost"
    " frontmost backmost rear lft rt outer inner".split()
)
NEARNESS = _set(
    "closest nearest farthest furthest closer nearer farther further close near".split()
)
SIDES = _set("side sides corner corners edge hand end area half part portion row".split())
"""Nouns that a place word turns into a place: "right side", "lower corner"."""
PLACE_PREPOSITIONS = _set("on in at to from by towards toward near of off".split())
ORDINALS = _set(
    "first second third fourth fifth sixth seventh eighth ninth tenth last 1st 2nd 3rd 4th 5th 6th"
    " 7th 8th 9th 10th".split()
)
NUMBERS = _set("two three four five six seven eight nine ten several many few".split())

COLORS = _set(
    "red orange yellow green blue purple pink white black brown gray grey tan beige gold golden"
    " silver blonde blond maroon navy teal turquoise khaki cream violet magenta burgundy brunette"
    " dark light bright pale lite colored colorful multicolored".split()
)
SIZES = _set(
    "big bigger biggest large larger largest small smaller smallest little tiny tiniest tall taller"
    " tallest short shorter shortest long longer longest wide huge giant thin thinner fat fatter"
    " skinny medium mini skinniest fattest widest thick gigantic highest lowest higher"
    " higest".split()
)
QUALITIES = _set(
    "striped stripe stripped dotted spotted checkered checked plaid polka plain floral clear shiny"
    " wooden plastic metal old older oldest young younger youngest new bald asian chinese curly"
    " straight blurry blurred full empty open closed visible bent round square rectangular"
    " wet dirty clean furry fluffy fuzzy dead cute pretty ugly sexy happy sad mad angry main whole"
    " same different single opposite darker darkest lighter lightest brightest whiter whitest"
    " blacker redder bare shirtless barefoot topless pregnant horizontal vertical tilted diagonal"
    " parked raised outstretched eaten sliced wrapped folded lit unlit high low deep"
    " female male fake real weird strange funny nice good best fancy tight loose sleeveless hairy"
    " sleepy asleep messy chubby heavy thinnest heavier hot cold own such certain blank partial"
    " transparent leafy grassy rocky snowy sandy muddy solid bushy".split()
)
ADJECTIVES = COLORS | SIZES | QUALITIES
NOUNS_IN_EST = _set(
    "forest nest chest vest guest breast priest harvest contest crest west test request armrest"
    " headrest footrest rainforest everest".split()
)
NAMING_ADJECTIVES = _set(
    "orange light gold blonde blond brunette violet cream female male square round".split()
)
"""Adjectives that are nouns as well when nothing follows them: "the far right orange"."""

PEOPLE = _set(
    "man woman boy girl kid person guy lady men women boys girls kids people persons guys ladies"
    " child children baby toddler adult adults teen teenager dude gal chick female male player"
    " batter catcher pitcher umpire umps ump skier surfer rider skateboarder snowboarder biker"
    " chef bride groom cop officer worker mom mother dad father grandma grandpa son daughter player"
    " goalie referee ref soldier driver cyclist him her".split()
)
GARMENTS = _set(
    "shirt shirts tshirt tee trousers pants jeans shorts skirt dress hat hats cap coat jacket"
    " sweater hoodie suit tie vest sweatshirt blouse uniform shoes shoe boots socks sock glasses"
    " sunglasses goggles helmet scarf gloves glove jersey outfit clothes clothing bikini apron robe"
    " top tank beanie watch belt mask hood sleeves sleeve backpack purse beard mustache hair"
    " ponytail overalls kimono bandana headband pajamas sandals sneakers stripes".split()
)
"""What people wear or grow: a modifier that comes after belongs to the wearer."""

# Longest first at every position; the name on the right is the relation's type.
PREPOSITIONS: dict[tuple[str, ...], str] = {
    tuple(words.split()): name or words
    for words, name in {
        "on": "", "in": "", "with": "", "of": "", "at": "", "by": "next to", "near": "",
        "beside": "next to", "besides": "next to", "next to": "", "nxt to": "next to",
        "next": "next to", "nearest to": "near", "adjacent to": "next to",
        "alongside": "next to", "behind": "", "before": "in front of", "above": "",
        "over": "", "under": "",
        "below": "under", "beneath": "under", "underneath": "under", "between": "",
        "in between": "between", "inbetween": "between", "betwen": "between", "among": "",
        "amongst": "among", "in front of": "", "infront of": "in front of",
        "in back of": "behind", "on top of": "", "atop": "on top of",
        "inside": "in", "inside of": "in", "within": "in", "into": "", "onto": "on", "upon": "on",
        "outside": "", "outside of": "outside", "against": "", "along": "", "across": "",
        "across from": "", "around": "", "through": "", "from": "", "to": "", "for": "",
        "off": "", "off of": "off", "out of": "", "toward": "towards", "towards": "",
        "close to": "near", "closest to": "", "closer to": "closest to",
        "nearer to": "closest to", "farthest from": "", "furthest from": "farthest from",
        "away from": "", "past": "", "beyond": "", "opposite": "", "w /": "with",
        "w": "with", "wit": "with", "w / o": "without", "without": "", "no": "without",
        "whose": "with", "has": "with", "have": "with", "had": "with", "having": "with",
        "wears": "wearing", "holds": "holding", "rides": "riding", "facing": "",
        "faces": "facing", "in the middle of": "middle of", "not": "", "except": "not",
        "not wearing": "without", "not holding": "without", "w out": "without",
        "about to": "", "touching": "", "carrying": "holding", "pointing at": "",
        "looking at": "", "left of": "", "right of": "", "sits on": "sitting on",
        "wear": "wearing", "hold": "holding", "sits in": "sitting in",
        "sits at": "sitting at", "sat on": "sitting on",
        "stands on": "standing on", "dressed in": "in", "seated on": "sitting on",
        "seated in": "sitting in", "seated at": "sitting at", "flown by": "held by",
        "carried by": "held by",
    }.items()
}  # fmt: skip
LONGEST_PREPOSITION = max(map(len, PREPOSITIONS))
WHERE_ONLY = _set(
    "next to,near,behind,above,under,between,in front of,left of,right of,beyond,outside,opposite"
    ",across from,among,middle of,closest to,on top of".split(",")
)
"""Relations of place that make the verb before them say no more: "standing behind"."""

INTRANSITIVE = _set(
    "standing sitting lying laying kneeling crouching squatting leaning bending smiling laughing"
    " running jumping walking swimming sleeping looking staring talking playing skiing surfing"
    " skateboarding snowboarding posing squinting stand sit stands sits lays hanging going coming"
    " flying floating waiting grazing reaching showing missing sticking pointing turning moving"
    " crossing skating bowing stooping resting lounging peeking kneeing".split()
)
"""Verbs that need a preposition before their object."""
SOMETIMES_TRANSITIVE = _set("walking flying playing crossing jumping showing missing".split())
NOUNS_IN_ING = _set(
    "building ceiling painting king ring string thing wing railing clothing earring awning icing"
    " frosting swing lighting drawing dressing stuffing topping pudding wedding spring sling"
    " sibling dumpling duckling sing lightning wrapping paneling siding filling anything"
    " something everything nothing evening morning parking bedding seating carving opening"
    " landing stocking legging".split()
)
NOUNS_IN_ED = _set("bed red shed sled seed weed bunkbed moped ted reed need feed speed".split())
PARTICIPLES = {
    "holding": "held", "riding": "ridden", "sitting on": "sat on", "wearing": "worn",
    "flying": "held", "eating": "eaten", "driving": "driven", "hitting": "hit",
    "throwing": "thrown", "sitting in": "sat in", "sitting at": "sat at", "leaning on": "leaned on",
    "standing on": "stood on", "taking": "taken", "making": "made", "cutting": "cut",
    "feeding": "fed", "catching": "caught", "using": "used",
}  # fmt: skip
"""How a relation told the other way round is called: "the kite the man is flying"."""
IRREGULAR = _set(
    "held ridden worn eaten driven hit thrown shown seen made drawn broken stuck hung cut flown"
    " built taken bitten caught kept hidden sat".split()
)
"""Past participles that do not end in -ed."""

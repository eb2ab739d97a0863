/* PCRE2 10.42 knows the short names of general categories, scripts by either name and boolean
 * properties, but neither long category names nor "Name=Value". Its names are looser than those of
 * ECMA-262 (case, underscores), so all of them are listed here; the scripts are Unicode 14's. */
#include "handlers/schema/regex_property.h"

#include <stdio.h>

static const struct category {
    const char *brief, *full, *other;
} categories[] = {
    {"L&", "Cased_Letter", "LC"},
    {"Pe", "Close_Punctuation", NULL},
    {"Pc", "Connector_Punctuation", NULL},
    {"Cc", "Control", "cntrl"},
    {"Sc", "Currency_Symbol", NULL},
    {"Pd", "Dash_Punctuation", NULL},
    {"Nd", "Decimal_Number", "digit"},
    {"Me", "Enclosing_Mark", NULL},
    {"Pf", "Final_Punctuation", NULL},
    {"Cf", "Format", NULL},
    {"Pi", "Initial_Punctuation", NULL},
    {"L", "Letter", NULL},
    {"Nl", "Letter_Number", NULL},
    {"Zl", "Line_Separator", NULL},
    {"Ll", "Lowercase_Letter", NULL},
    {"M", "Mark", "Combining_Mark"},
    {"Sm", "Math_Symbol", NULL},
    {"Lm", "Modifier_Letter", NULL},
    {"Sk", "Modifier_Symbol", NULL},
    {"Mn", "Nonspacing_Mark", NULL},
    {"N", "Number", NULL},
    {"Ps", "Open_Punctuation", NULL},
    {"C", "Other", NULL},
    {"Lo", "Other_Letter", NULL},
    {"No", "Other_Number", NULL},
    {"Po", "Other_Punctuation", NULL},
    {"So", "Other_Symbol", NULL},
    {"Zp", "Paragraph_Separator", NULL},
    {"Co", "Private_Use", NULL},
    {"P", "Punctuation", "punct"},
    {"Z", "Separator", NULL},
    {"Zs", "Space_Separator", NULL},
    {"Mc", "Spacing_Mark", NULL},
    {"Cs", "Surrogate", NULL},
    {"S", "Symbol", NULL},
    {"Lt", "Titlecase_Letter", NULL},
    {"Cn", "Unassigned", NULL},
    {"Lu", "Uppercase_Letter", NULL},
};

/* Boolean properties that ECMA-262 and PCRE2 spell alike. */
static const char *const booleans[] = {
    "ASCII",
    "ASCII_Hex_Digit",
    "AHex",
    "Alphabetic",
    "Alpha",
    "Any",
    "Bidi_Control",
    "Bidi_C",
    "Bidi_Mirrored",
    "Bidi_M",
    "Case_Ignorable",
    "CI",
    "Cased",
    "Changes_When_Casefolded",
    "CWCF",
    "Changes_When_Casemapped",
    "CWCM",
    "Changes_When_Lowercased",
    "CWL",
    "Changes_When_Titlecased",
    "CWT",
    "Changes_When_Uppercased",
    "CWU",
    "Dash",
    "Default_Ignorable_Code_Point",
    "DI",
    "Deprecated",
    "Dep",
    "Diacritic",
    "Dia",
    "Emoji",
    "Emoji_Component",
    "EComp",
    "Emoji_Modifier",
    "EMod",
    "Emoji_Modifier_Base",
    "EBase",
    "Emoji_Presentation",
    "EPres",
    "Extended_Pictographic",
    "ExtPict",
    "Extender",
    "Ext",
    "Grapheme_Base",
    "Gr_Base",
    "Grapheme_Extend",
    "Gr_Ext",
    "Hex_Digit",
    "Hex",
    "IDS_Binary_Operator",
    "IDSB",
    "IDS_Trinary_Operator",
    "IDST",
    "ID_Continue",
    "IDC",
    "ID_Start",
    "IDS",
    "Ideographic",
    "Ideo",
    "Join_Control",
    "Join_C",
    "Logical_Order_Exception",
    "LOE",
    "Lowercase",
    "Lower",
    "Math",
    "Noncharacter_Code_Point",
    "NChar",
    "Pattern_Syntax",
    "Pat_Syn",
    "Pattern_White_Space",
    "Pat_WS",
    "Quotation_Mark",
    "QMark",
    "Radical",
    "Regional_Indicator",
    "RI",
    "Sentence_Terminal",
    "STerm",
    "Soft_Dotted",
    "SD",
    "Terminal_Punctuation",
    "Term",
    "Unified_Ideograph",
    "UIdeo",
    "Uppercase",
    "Upper",
    "Variation_Selector",
    "VS",
    "White_Space",
    "space",
    "XID_Continue",
    "XIDC",
    "XID_Start",
    "XIDS",
};

/* Long names and short ones, a blank behind each. */
static const char scripts[] =
    "Adlam Adlm Aghb Ahom Anatolian_Hieroglyphs Arab Arabic Armenian Armi Armn Avestan Avst "
    "Bali Balinese Bamu Bamum Bass Bassa_Vah Batak Batk Beng Bengali Bhaiksuki Bhks Bopo "
    "Bopomofo Brah Brahmi Brai Braille Bugi Buginese Buhd Buhid Cakm Canadian_Aboriginal "
    "Cans Cari Carian Caucasian_Albanian Chakma Cham Cher Cherokee Chorasmian Chrs Common "
    "Copt Coptic Cpmn Cprt Cuneiform Cypriot Cypro_Minoan Cyrillic Cyrl Deseret Deva "
    "Devanagari Diak Dives_Akuru Dogr Dogra Dsrt Dupl Duployan Egyp Egyptian_Hieroglyphs "
    "Elba Elbasan Elym Elymaic Ethi Ethiopic Geor Georgian Glag Glagolitic Gong Gonm Goth "
    "Gothic Gran Grantha Greek Grek Gujarati Gujr Gunjala_Gondi Gurmukhi Guru Han Hang "
    "Hangul Hani Hanifi_Rohingya Hano Hanunoo Hatr Hatran Hebr Hebrew Hira Hiragana Hluw "
    "Hmng Hmnp Hung Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian "
    "Ital Java Javanese Kaithi Kali Kana Kannada Katakana Kayah_Li Khar Kharoshthi "
    "Khitan_Small_Script Khmer Khmr Khoj Khojki Khudawadi Kits Knda Kthi Lana Lao Laoo Latin "
    "Latn Lepc Lepcha Limb Limbu Lina Linb Linear_A Linear_B Lisu Lyci Lycian Lydi Lydian "
    "Mahajani Mahj Maka Makasar Malayalam Mand Mandaic Mani Manichaean Marc Marchen "
    "Masaram_Gondi Medefaidrin Medf Meetei_Mayek Mend Mende_Kikakui Merc Mero "
    "Meroitic_Cursive Meroitic_Hieroglyphs Miao Mlym Modi Mong Mongolian Mro Mroo Mtei Mult "
    "Multani Myanmar Mymr Nabataean Nand Nandinagari Narb Nbat New_Tai_Lue Newa Nko Nkoo "
    "Nshu Nushu Nyiakeng_Puachue_Hmong Ogam Ogham Ol_Chiki Olck Old_Hungarian Old_Italic "
    "Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic "
    "Old_Uyghur Oriya Orkh Orya Osage Osge Osma Osmanya Ougr Pahawh_Hmong Palm Palmyrene "
    "Pau_Cin_Hau Pauc Perm Phag Phags_Pa Phli Phlp Phnx Phoenician Plrd Prti Psalter_Pahlavi "
    "Qaac Qaai Rejang Rjng Rohg Runic Runr Samaritan Samr Sarb Saur Saurashtra Sgnw Sharada "
    "Shavian Shaw Shrd Sidd Siddham SignWriting Sind Sinh Sinhala Sogd Sogdian Sogo Sora "
    "Sora_Sompeng Soyo Soyombo Sund Sundanese Sylo Syloti_Nagri Syrc Syriac Tagalog Tagb "
    "Tagbanwa Tai_Le Tai_Tham Tai_Viet Takr Takri Tale Talu Tamil Taml Tang Tangsa Tangut "
    "Tavt Telu Telugu Tfng Tglg Thaa Thaana Thai Tibetan Tibt Tifinagh Tirh Tirhuta Tnsa "
    "Toto Ugar Ugaritic Unknown Vai Vaii Vith Vithkuqi Wancho Wara Warang_Citi Wcho Xpeo "
    "Xsux Yezi Yezidi Yi Yiii Zanabazar_Square Zanb Zinh Zyyy Zzzz ";

static const char *find_category(struct bytes name)
{
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
        const struct category *row = &categories[i];
        if ((bytes_equal_text(name, row->brief) && row->brief[1] != '&') ||
            bytes_equal_text(name, row->full) || (row->other && bytes_equal_text(name, row->other)))
            return row->brief;
    }
    return NULL;
}

static bool is_boolean(struct bytes name)
{
    for (size_t i = 0; i < sizeof booleans / sizeof *booleans; i++)
        if (bytes_equal_text(name, booleans[i]))
            return true;
    return false;
}

static bool is_script(struct bytes name)
{
    for (const char *at = scripts; *at;) {
        size_t length = strcspn(at, " ");
        if (bytes_equal(name, bytes_of(at, length)))
            return true;
        at += length + 1;
    }
    return false;
}

bool regex_property(struct bytes name, bool negated, char *out, size_t size)
{
    const char *letter = negated ? "P" : "p";
    struct bytes value = name;
    struct bytes key = bytes_split(&value, '=');
    if (value.data) {
        bool script = bytes_equal_text(key, "Script") || bytes_equal_text(key, "sc");
        bool wide = bytes_equal_text(key, "Script_Extensions") || bytes_equal_text(key, "scx");
        if ((script || wide) && is_script(value)) {
            snprintf(out, size, "\\%s{%s:%.*s}", letter, wide ? "scx" : "sc", (int)value.length,
                     (const char *)value.data);
            return true;
        }
        if (!bytes_equal_text(key, "General_Category") && !bytes_equal_text(key, "gc"))
            return false;
        name = value;
    } else if (is_boolean(name)) {
        snprintf(out, size, "\\%s{%.*s}", letter, (int)name.length, (const char *)name.data);
        return true;
    } else if (bytes_equal_text(name, "Assigned")) {
        snprintf(out, size, "\\%s{Cn}", negated ? "p" : "P");
        return true;
    }
    const char *category = find_category(name);
    if (category)
        snprintf(out, size, "\\%s{%s}", letter, category);
    return category != NULL;
}

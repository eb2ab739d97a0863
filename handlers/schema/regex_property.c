/* PCRE2 10.42 knows the short names of general categories, scripts by full name and boolean
 * properties, but neither long category names nor "Name=Value". Script names are handed through:
 * PCRE2 refuses the unknown ones when it compiles. */
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

static bool is_word(struct bytes name)
{
    for (size_t i = 0; i < name.length; i++) {
        uint8_t c = name.data[i];
        if (c != '_' && (uint8_t)((c | 0x20) - 'a') >= 26)
            return false;
    }
    return name.length > 0 && name.length < 40;
}

bool regex_property(struct bytes name, bool negated, char *out, size_t size)
{
    const char *letter = negated ? "P" : "p";
    struct bytes value = name;
    struct bytes key = bytes_split(&value, '=');
    if (value.data) {
        bool script = bytes_equal_text(key, "Script") || bytes_equal_text(key, "sc");
        bool wide = bytes_equal_text(key, "Script_Extensions") || bytes_equal_text(key, "scx");
        if ((script || wide) && is_word(value)) {
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
    }
    const char *category = find_category(name);
    if (category)
        snprintf(out, size, "\\%s{%s}", letter, category);
    return category != NULL;
}

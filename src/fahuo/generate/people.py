"""Names, streets and phone prefixes of invented buyers, in the script of their market.

Names are common given and family names combined at random; phone numbers are of valid form and dialled by nobody here.
"""

from typing import Final, NamedTuple


class People(NamedTuple):
    """What the recipients of a market are made of. `{n}` in a street is the house number."""

    family: tuple[str, ...]
    given: tuple[str, ...]
    family_first: bool
    streets: tuple[str, ...]
    code: str
    """Calling code."""
    prefixes: tuple[str, ...]
    """First digits of national mobile numbers."""
    digits: int
    """Digits that follow the prefix."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


PEOPLE: Final[dict[str, People]] = {
    "VN": People(
        _words("Nguyễn|Trần|Lê|Phạm|Hoàng|Phan|Vũ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý"),
        _words("Văn An|Thị Bình|Minh Châu|Quốc Dũng|Thu Hà|Gia Huy|Khánh Linh|Ngọc Mai|Hoài Nam|Thanh Phong|Bảo Trân"),
        True, _words("{n} Nguyễn Huệ|{n} Lê Lợi|{n}/2 Điện Biên Phủ|{n} Trần Hưng Đạo|Số {n} ngõ 12 Hoàng Hoa Thám"),
        "84", _words("90|91|96|97|98|32|35|38|70|77|81|85"), 7,
    ),
    "TH": People(
        _words("ใจดี|สุขใจ|ทองดี|แสงทอง|ศรีสุข|บุญมี|วงศ์ไทย|รักไทย|พงษ์ศักดิ์|มั่นคง"),
        _words("สมชาย|สมหญิง|วิชัย|สุดา|ประเสริฐ|กนกวรรณ|ณัฐพล|พิมพ์ชนก|ธนกร|อารีย์"),
        False, _words("{n}/5 ถนนสุขุมวิท|{n} ซอยอารีย์ 2|{n} หมู่ 4|{n}/18 ถนนพหลโยธิน|{n} ถนนเพชรบุรี"),
        "66", _words("81|86|89|91|95|62|64"), 7,
    ),
    "US": People(
        _words("Smith|Johnson|Garcia|Miller|Davis|Lopez|Wilson|Nguyen|Taylor|Moore|Clark|Lewis"),
        _words("Olivia|Liam|Emma|Noah|Ava|Mason|Sophia|Ethan|Mia|Lucas|Harper|Logan"),
        False, _words("{n} Main St|{n} Oak Ave Apt 4B|{n} Maple Dr|{n} W 5th St|{n} Sunset Blvd Unit 12|{n} Park Ln"),
        "1", _words("2124|2135|3104|3122|4043|4155|5124|6023|6174|7025|2062|7137"), 6,
    ),
    "GB": People(
        _words("Smith|Jones|Taylor|Brown|Patel|Wilson|Evans|Thomas|Roberts|Walker|Khan|Wright"),
        _words("Amelia|Oliver|Isla|George|Ava|Harry|Mia|Arthur|Freya|Jack|Ella|Leo"),
        False, _words("{n} High Street|Flat 2, {n} Station Road|{n} Church Lane|{n} Victoria Road|{n} Mill Close"),
        "44", _words("7400|7500|7812|7980"), 6,
    ),
    "PH": People(
        _words("Dela Cruz|Santos|Reyes|Garcia|Bautista|Ocampo|Mendoza|Villanueva|Ramos|Aquino"),
        _words("Juan|Maria|Jose|Angelica|Mark|Cristina|Paolo|Bea|Ramon|Liza"),
        False, _words("{n} Rizal Street|Blk {n} Lot 7 Sampaguita St|Unit {n} Mabini Towers|{n} Bonifacio Ave"),
        "63", _words("905|915|917|918|927|998"), 7,
    ),
    "MY": People(
        _words("bin Abdullah|binti Ahmad|Tan|Lim|Lee|Wong|a/l Kumar|a/p Muthu|bin Ismail|binti Hassan"),
        _words("Muhammad|Nurul|Wei Ming|Siti|Ahmad|Mei Ling|Arun|Priya|Hafiz|Aisyah"),
        False, _words("No. {n}, Jalan Ampang|{n}, Jalan Merdeka 3/2|Lot {n}, Lorong Maju|No. {n}, Taman Bahagia"),
        "60", _words("12|16|19"), 7,
    ),
    "SG": People(
        _words("Tan|Lim|Lee|Ng|Wong|Goh|Chua|Ong|Koh|Teo"),
        _words("Wei Jie|Hui Min|Kai Xuan|Xin Yi|Jun Hao|Siti Nur|Rajesh|Mei Fen|Zhi Hao|Li Ting"),
        True, _words("Blk {n} Bedok North Street 2 #05-12|{n} Orchard Road #11-03|{n} Jurong West Street 41"),
        "65", _words("81|82|85|91|92|96|97"), 6,
    ),
    "ID": People(
        _words("Wijaya|Santoso|Saputra|Hidayat|Lestari|Nugroho|Siregar|Kusuma|Pratama|Halim"),
        _words("Budi|Siti|Agus|Dewi|Rizky|Putri|Andi|Ayu|Joko|Rina"),
        False, _words("Jl. Sudirman No. {n}|Jl. Merpati Blok C No. {n}|Jl. Diponegoro {n} RT 03 RW 05"),
        "62", _words("811|812|813|821|852|878"), 7,
    ),
    "JP": People(
        _words("佐藤|鈴木|高橋|田中|伊藤|渡辺|山本|中村|小林|加藤"),
        _words("太郎|花子|健太|美咲|翔|陽菜|大輔|さくら|直樹|彩香"),
        True, _words("1丁目{n}番5号|2-{n}-8|3丁目{n}-12 コーポ201|{n}-4-1"),
        "81", _words("901|902|803|805|702|708"), 7,
    ),
    "DE": People(
        _words("Müller|Schmidt|Schneider|Fischer|Weber|Wagner|Becker|Groß|Schäfer|Yilmaz"),
        _words("Lena|Lukas|Mia|Jonas|Hannah|Felix|Jürgen|Anke|Maximilian|Sophie"),
        False, _words("Hauptstraße {n}|Bahnhofstr. {n}|Gartenweg {n}a|Rosenthaler Straße {n}|Lindenallee {n}"),
        "49", _words("151|160|170|171|175"), 8,
    ),
    "FR": People(
        _words("Martin|Bernard|Dubois|Thomas|Robert|Lefèvre|Moreau|Girard|Benoît|Garnier"),
        _words("Camille|Léa|Hugo|Chloé|Jules|Inès|Louis|Manon|Théo|Zoé"),
        False, _words("{n} rue de la République|{n} bis avenue Jean Jaurès|{n} boulevard Voltaire|{n} place du Marché"),
        "33", _words("61|62|66|76|78"), 7,
    ),
    "IT": People(
        _words("Rossi|Russo|Ferrari|Esposito|Bianchi|Romano|Colombo|Ricci|Marino|Greco"),
        _words("Giulia|Luca|Sofia|Marco|Aurora|Andrea|Chiara|Matteo|Elena|Davide"),
        False, _words("Via Roma {n}|Corso Garibaldi {n}|Via Giuseppe Verdi {n}|Viale Europa {n}/B|Piazza Dante {n}"),
        "39", _words("320|328|333|338|347|349"), 7,
    ),
    "ES": People(
        _words("García López|Martínez Ruiz|Fernández Gil|Sánchez Peña|Núñez Ortiz|Romero Díaz|Torres Vega|Muñoz Rey"),
        _words("Lucía|Hugo|Martina|Mateo|Sofía|Pablo|Carmen|Álvaro|Elena|Javier"),
        False, _words("Calle Mayor {n}, 3º B|Avenida de la Constitución {n}|Calle del Sol {n}, 1º|Paseo de Gracia {n}"),
        "34", _words("61|62|64|65|66|67|69"), 7,
    ),
    "IE": People(
        _words("Murphy|Kelly|O'Sullivan|Walsh|Byrne|Ryan|O'Connor|Doyle|Nolan|Ní Bhriain"),
        _words("Aoife|Conor|Saoirse|Seán|Niamh|Cian|Róisín|Liam|Ciara|Oisín"),
        False, _words("{n} Main Street|{n} O'Connell Street|Apt {n}, The Quays|{n} Patrick Street"),
        "353", _words("83|85|86|87|89"), 7,
    ),
    "MX": People(
        _words("Hernández García|López Martínez|González Pérez|Ramírez Cruz|Flores Ríos|Vázquez Luna|Castañeda Ruiz"),
        _words("María José|Juan Carlos|Ximena|Diego|Fernanda|Santiago|Guadalupe|Ángel|Renata|Emiliano"),
        False, _words("Avenida Tamaulipas {n}|Calle 5 de Mayo {n} Int. 3|Av. Insurgentes Sur {n}"),
        "52", _words("551|552|331|811|222|999|442"), 7,
    ),
    "BR": People(
        _words("Silva|Santos|Oliveira|Souza|Rodrigues|Ferreira|Alves|Lima|Araújo|Gonçalves"),
        _words("Ana|João|Maria|Pedro|Beatriz|Lucas|Júlia|Gabriel|Larissa|Thiago"),
        False, _words("Rua das Flores, {n}|Avenida Paulista, {n}, apto 51|Rua XV de Novembro, {n}"),
        "55", _words("1198|1197|2198|3199|4199|5198|6198|7199|8199"), 7,
    ),
}  # fmt: skip
